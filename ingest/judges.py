"""The judges: the engine with its rules, kept to the facts of the registry."""

from pathlib import Path
from typing import NamedTuple

from ingest.clock import Clock
from ingest.journal.journal import Journal
from ingest.judging import Judging
from ingest.metrics import Metrics
from ingest.registry.facts import Facts, RegistryWatch, facts_of
from rules.catalogue import catalogue
from rules.engine import Engine
from rules.register import COMMUNITY_DIGITS


class Judges(NamedTuple):
    """What judges readings, and what tells it of changes in the registry."""

    judging: Judging
    watch: RegistryWatch


def judges_of(
    path: Path,
    journal: Journal,
    clock: Clock,
    metrics: Metrics,
    area_digits: int = COMMUNITY_DIGITS,
) -> Judges:
    """Return the whole library at work; JournalError if stored limits no longer fit its rules."""
    rules = catalogue()
    facts = facts_of(path, rules, clock.now(), area_digits)
    engine = Engine(facts.rulebook, facts.register, journal.states)

    def follow(changed: Facts) -> None:
        engine.replace(changed.rulebook, changed.register)

    watch = RegistryWatch(path, clock, facts, follow)
    return Judges(Judging(journal, engine, rules, clock, metrics), watch)
