"""What the rules tell of the same readings when nothing befalls the service: the engine alone."""

from collections.abc import Collection
from contextlib import closing
from operator import attrgetter
from pathlib import Path

from devices.reading import Reading
from ingest.journal.database import open_reader
from ingest.journal.outgoing import deliveries_after
from ingest.registry.snapshot import register_of
from rules.bound import Rulebook
from rules.catalogue import catalogue, sequences
from rules.effect import AlertChange
from rules.engine import Engine
from rules.store import NoStore
from tests.proof.transitions import Step

_ALL = 1_000_000
_LISTENS_MS = 15_000
"""For how long time passes after the last reading: longer than any patience on the tapes."""


def told_without_faults(journal: Path, subjects: Collection[str]) -> dict[str, list[Step]]:
    """Return by alert what must have happened to it, judged from the readings in the journal.

    All are received at one instant: nothing depends on when they came. `subjects` are the devices
    to be judged, dwellings among them are judged with theirs.
    """
    with closing(open_reader(journal)) as reader:
        register = register_of(reader)
        readings = [each.reading for each in deliveries_after(reader, 0, _ALL)]
    now = max((each.received_at for each in readings), default=0)
    rulebook = Rulebook(tuple(catalogue().values()), sequences=tuple(sequences().values()))
    engine = Engine(rulebook, register, NoStore())
    for reading in sorted(readings, key=attrgetter("measured_at")):
        if f"{reading.kind}/{reading.device}" in subjects:
            engine.observe(_received(reading, now))
    engine.tick(now + _LISTENS_MS)
    outcome = engine.take()
    assert not outcome.failures, outcome.failures
    return _steps([each for each in outcome.effects if isinstance(each, AlertChange)])


def _received(reading: Reading, now: int) -> Reading:
    return reading._replace(received_at=now)


def _steps(changes: Collection[AlertChange]) -> dict[str, list[Step]]:
    told: dict[str, list[Step]] = {}
    for change in changes:
        step = Step(str(change.transition), int(change.severity), change.at)
        told.setdefault(change.alert, []).append(step)
    return told
