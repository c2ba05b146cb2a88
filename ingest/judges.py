"""The judges: the engine with its rules, kept to the facts of the registry."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import from_json, to_json

from devices.instant import Instant
from ingest.clock import Clock
from ingest.health import Health
from ingest.journal.journal import Journal
from ingest.judging import Judging
from ingest.metrics import Metrics
from ingest.registry.facts import REGISTRY, Facts, RegistryWatch, Sources, facts_at_start
from ingest.shadow.shadow import Shadow
from rules.catalogue import alert_rules, catalogue, sequences
from rules.engine import Engine
from rules.limits import LimitBook, Setting
from rules.lull import MOST_WAITING
from rules.register import Lease
from rules.retimed import retimed
from rules.subject import Subject

LIMITS_KEY = "limits"
"""Under which the journal keeps the limits in force, for the next start."""


class Known(NamedTuple):
    """What of the registry moves subjects by itself, see `Facts`; limits None if not known."""

    leases: Mapping[str, tuple[Lease, ...]] = {}
    removed: frozenset[str] = frozenset()
    awaited: Mapping[str, Instant | None] = {}
    limits: LimitBook | None = None


class Judges(NamedTuple):
    """What judges readings, and what tells it of changes in the registry."""

    judging: Judging
    watch: RegistryWatch


def judges_of(
    sources: Sources, journal: Journal, clock: Clock, metrics: Metrics, health: Health
) -> Judges:
    """Return the whole library at work.

    Limits that can't be used are left out for those in force before. Where there are none:
    JournalError if stored limits no longer fit its rules, RegistryError if those of the file don't.
    """
    library = tuple(sequences().values())
    facts, refused = facts_at_start(sources, catalogue(), clock.now(), library)
    engine = Engine(facts.rulebook, facts.register, journal.states, waiting=MOST_WAITING)
    judging = Judging(journal, engine, alert_rules(), clock, metrics)
    former = Known(limits=_limits(journal.remembered(LIMITS_KEY)))
    judging.consider(_moved(former, facts), _words(facts))
    in_force = [_known(facts)]
    judging.shadow = shadow = Shadow(journal.reader, catalogue(), facts)

    def follow(changed: Facts) -> None:
        engine.replace(changed.rulebook, changed.register)
        judging.consider(_moved(in_force.pop(), changed), _words(changed))
        in_force.append(_known(changed))
        shadow.follow(changed)

    watch = RegistryWatch(sources, clock, facts, follow, health, journal)
    metrics.registry_refused.set_function(lambda: REGISTRY in health.troubles)
    if refused:
        watch.refuse(refused)
    return Judges(judging, watch)


def _moved(before: Known, facts: Facts) -> list[Subject]:
    """Return the premises whose leases have changed, and the devices that were removed.

    And those without readings of which it has changed since when they are to be heard, and whom
    time concerns by other limits.

    Of 100,000 premises with leases in 60 ms.
    """
    after = _known(facts)
    old, new = before.leases, after.leases
    homes = (home for home in {**old, **new} if old.get(home) != new.get(home))
    moved = [Subject("premises", home) for home in homes]
    gone = sorted(after.removed - before.removed)
    awaited = (each for each in after.awaited.items() if each not in before.awaited.items())
    moved += [Subject("device", name) for name in (*gone, *(name for name, _ in awaited))]
    if before.limits is None:
        return moved
    return moved + retimed(before.limits, facts.rulebook, facts.register)


def _known(facts: Facts) -> Known:
    return Known(facts.leases, facts.removed, facts.register.awaited, facts.limits)


def _words(facts: Facts) -> dict[str, str]:
    return {LIMITS_KEY: to_json(facts.limits.settings).decode()}


def _limits(word: str | None) -> LimitBook | None:
    if word is None:
        return None
    settings = from_json(word).items()
    return LimitBook(
        {place: {name: Setting(*each) for name, each in own.items()} for place, own in settings}
    )
