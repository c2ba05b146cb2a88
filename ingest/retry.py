"""Retrying dead letters: the way of new messages, from where they stopped."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from devices.decoding import Acceptance, Decoder
from ingest.intake import Intake
from ingest.journal.batch import Batch
from ingest.journal.dead_letters import KeptDeadLetter
from ingest.journal.journal import Journal
from ingest.journal.refused_reading import reading_of
from ingest.journal.unjudged import to_be_judged
from ingest.mqtt.message import Message
from ingest.settings import AcceptSettings, Settings
from ingest.sink import Delivery, Sink, SinkUnavailable
from ingest.sinks import sinks_of

_SINK_STAGE = "sink:"


class Outcome(NamedTuple):
    """Whether a dead letter was taken this time, and what to tell the operator."""

    taken: bool
    text: str


async def retry_all(
    path: Path, letters: Sequence[KeptDeadLetter], settings: Settings
) -> list[Outcome]:
    """Try each letter again, remove those that are taken, and return what came of each.

    Times are judged as of when the letter first came. Raises JournalUnavailable, JournalError and
    SettingsError.
    """
    async with AsyncExitStack() as stack:
        sinks = sinks_of(settings.sink)
        for sink in sinks.values():
            stack.push_async_callback(sink.close)
        journal = Journal(path, int(settings.journal.max_mb * 1e6))
        stack.push_async_callback(journal.close)
        retrial = Retrial(journal, sinks, settings.accept)
        return [await retrial.outcome(letter) for letter in letters]


class Retrial:
    """Tries letters one by one; a sink that is away is not asked again."""

    def __init__(self, journal: Journal, sinks: dict[str, Sink], accept: AcceptSettings) -> None:
        acceptance = Acceptance(timedelta(seconds=accept.ahead_s), timedelta(days=accept.age_days))
        self._intake = Intake(Decoder(acceptance))
        self._journal = journal
        self._sinks = sinks
        self._away: dict[str, str] = {}

    async def outcome(self, letter: KeptDeadLetter) -> Outcome:
        """Try the letter, and remove it if it is taken; raises JournalUnavailable."""
        if letter.payload is None:
            return Outcome(taken=False, text="withheld: there is no payload to try")
        if letter.stage.startswith(_SINK_STAGE):
            outcome = await self._to_sink(letter, letter.payload)
        elif letter.stage == "store":
            batch = Batch(readings=[reading_of(letter.payload, letter.first_at)])
            outcome = await self._to_journal(batch)
        else:
            outcome = await self._to_intake(letter, letter.payload)
        if outcome.taken:
            await self._journal.drop_dead_letters((letter.id,))
        return outcome

    async def _to_intake(self, letter: KeptDeadLetter, payload: bytes) -> Outcome:
        message = Message(letter.topic, payload, letter.first_at, epoch=0, packet_id=0)
        batch = self._intake.sort((message,)).batch
        if batch.dead_letters:
            refusal = batch.dead_letters[0]
            return Outcome(taken=False, text=f"refused again: {refusal.reason}: {refusal.detail}")
        outcome = await self._to_journal(batch)
        return outcome._replace(taken=True)  # what contradicts is a letter of its own now

    async def _to_journal(self, batch: Batch) -> Outcome:
        committed = await self._journal.commit(batch, to_be_judged)
        if committed.conflicts:
            text = "contradicts a stored reading: show what is kept under the stage store, drop it"
            return Outcome(taken=False, text=text)
        if not batch.readings:
            return Outcome(taken=True, text="taken")
        stored = committed.stored.total()
        return Outcome(taken=True, text=f"taken: {stored} of {len(batch.readings)} readings new")

    async def _to_sink(self, letter: KeptDeadLetter, payload: bytes) -> Outcome:
        name = letter.stage.removeprefix(_SINK_STAGE)
        if name not in self._sinks:
            return Outcome(taken=False, text=f"expected a sink {name} in the settings")
        if name in self._away:
            return Outcome(taken=False, text=self._away[name])
        reading = reading_of(payload, letter.first_at)
        area = self._journal.area_of(reading.kind, reading.device)
        try:
            rejected = await self._sinks[name].write([Delivery(0, reading, area)])
        except SinkUnavailable as error:
            self._away[name] = f"{letter.stage}: {error}"
            return Outcome(taken=False, text=self._away[name])
        if rejected:
            return Outcome(taken=False, text=f"refused again: {rejected[0].why}")
        return Outcome(taken=True, text="taken")
