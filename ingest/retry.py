"""Retrying dead letters: the way of new messages, from where they stopped."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic_core import from_json

from devices.decoding import Acceptance, Decoder
from devices.reading import Reading
from ingest.intake import Intake
from ingest.journal.dead_letters import KeptDeadLetter
from ingest.journal.journal import Journal
from ingest.mqtt.message import Message
from ingest.settings import Settings
from ingest.sink import Delivery, Sink, SinkUnavailable
from ingest.sinks import sinks_of
from rules.engine import NoRules


class Outcome(NamedTuple):
    """Whether a dead letter was taken this time, and what to tell the operator."""

    taken: bool
    text: str


async def retry_all(
    path: Path, letters: Sequence[KeptDeadLetter], settings: Settings
) -> list[Outcome]:
    """Try each letter again, remove those that are taken, and return what came of each.

    Times are judged as of when the letter first came. Raises JournalUnavailable.
    """
    journal = Journal(path, int(settings.journal.max_mb * 1e6))
    sinks = sinks_of(settings.sink)
    accept = settings.accept
    acceptance = Acceptance(timedelta(seconds=accept.ahead_s), timedelta(days=accept.age_days))
    intake = Intake(Decoder(acceptance), NoRules())
    try:
        outcomes = []
        for letter in letters:
            if letter.stage.startswith("sink:"):
                outcome = await _to_sink(letter, sinks, journal)
            else:
                outcome = await _to_journal(letter, intake, journal)
            if outcome.taken:
                await journal.drop_dead_letters((letter.id,))
            outcomes.append(outcome)
        return outcomes
    finally:
        for sink in sinks.values():
            await sink.close()
        await journal.close()


async def _to_journal(letter: KeptDeadLetter, intake: Intake, journal: Journal) -> Outcome:
    if letter.payload is None:
        return Outcome(taken=False, text="withheld: there is no payload to try")
    if letter.stage == "store":
        return Outcome(taken=False, text="contradicts a stored reading: show it, then drop it")
    message = Message(letter.topic, letter.payload, letter.first_at, epoch=0, packet_id=0)
    batch = intake.sort((message,)).batch
    if batch.dead_letters:
        refusal = batch.dead_letters[0]
        return Outcome(taken=False, text=f"refused again: {refusal.reason}: {refusal.detail}")
    committed = await journal.commit(batch)
    if committed.conflicts:
        return Outcome(taken=True, text="contradicts a stored reading: kept under the stage store")
    stored = committed.stored.total()
    return Outcome(taken=True, text=f"taken: {stored} of {len(batch.readings)} readings new")


async def _to_sink(letter: KeptDeadLetter, sinks: Mapping[str, Sink], journal: Journal) -> Outcome:
    name = letter.stage.removeprefix("sink:")
    if letter.payload is None or name not in sinks:
        return Outcome(taken=False, text=f"expected a sink {name} in the settings")
    reading = Reading(**from_json(letter.payload))
    area = journal.area_of(reading.kind, reading.device)
    try:
        rejected = await sinks[name].write([Delivery(0, reading, area)])
    except SinkUnavailable as error:
        return Outcome(taken=False, text=f"{letter.stage}: {error}")
    if rejected:
        return Outcome(taken=False, text=f"refused again: {rejected[0].why}")
    return Outcome(taken=True, text="taken")
