"""The judges: the engine with its rules, kept to the facts of the registry."""

from typing import NamedTuple

from ingest.clock import Clock
from ingest.health import Health
from ingest.journal.journal import Journal
from ingest.judging import Judging
from ingest.metrics import Metrics
from ingest.registry.facts import Facts, RegistryWatch, Sources, facts_of
from ingest.shadow.shadow import Shadow
from rules.catalogue import alert_rules, catalogue, sequences
from rules.engine import Engine
from rules.register import PremisesFacts, TableRegister
from rules.subject import Subject

_NONE = PremisesFacts()


class Judges(NamedTuple):
    """What judges readings, and what tells it of changes in the registry."""

    judging: Judging
    watch: RegistryWatch


def judges_of(
    sources: Sources, journal: Journal, clock: Clock, metrics: Metrics, health: Health
) -> Judges:
    """Return the whole library at work.

    JournalError if stored limits no longer fit its rules, RegistryError if those of the file don't.
    """
    facts = facts_of(sources, catalogue(), clock.now(), tuple(sequences().values()))
    engine = Engine(facts.rulebook, facts.register, journal.states)
    judging = Judging(journal, engine, alert_rules(), clock, metrics)
    judging.consider(_moved(TableRegister(), facts.register))
    in_force = [facts.register]
    judging.shadow = shadow = Shadow(journal.reader, catalogue(), facts)

    def follow(changed: Facts) -> None:
        engine.replace(changed.rulebook, changed.register)
        judging.consider(_moved(in_force.pop(), changed.register))
        in_force.append(changed.register)
        shadow.follow(changed)

    return Judges(judging, RegistryWatch(sources, clock, facts, follow, health))


def _moved(before: TableRegister, after: TableRegister) -> list[Subject]:
    """Return the premises whose leases have changed, of a million in half a second."""
    old, new = before.premises, after.premises
    moved = [name for name, facts in new.items() if facts.leases != old.get(name, _NONE).leases]
    moved += [name for name, facts in old.items() if facts.leases and name not in new]
    return [Subject("premises", name) for name in moved]
