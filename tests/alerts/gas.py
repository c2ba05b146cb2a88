"""A gas monitor that tells of methane, the rule that judges it, and what judges by it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from devices.instant import Instant
from devices.reading import Reading, Value
from ingest.journal.batch import Batch
from ingest.journal.journal import Journal
from ingest.judging import Judging
from ingest.metrics import Metrics
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.engine import Engine
from rules.register import DeviceFacts, Register, TableRegister
from rules.rule import AlertRule
from rules.sequence import SequenceRule
from tests.journal.readings import START, opened, rows_of

SECOND = 1_000
MONITOR = "gm-1"
RULE = catalogue()["gas_level_ch4"]
"""Warns at 25 %LEL after 30 s or the second sample, and latches from 50 %LEL on."""
NOWHERE = TableRegister()
GOOD, WARNING, CRITICAL = 2.0, 26.0, 51.0
STREET = ("500000", "500103", "500103003")
ALERT = f"{RULE.name}/device/gas_monitor/{MONITOR}/{START}"


def gas(second: int, ch4: float, device: str = MONITOR) -> Reading:
    """Return what the monitor measured at this second, received at once."""
    at = START + second * SECOND
    values: dict[str, Value] = {"ch4_lel_pct": ch4, "sensor_status": "ok"}
    return Reading(device, "gas_monitor", at, at, values)


def batch(*readings: Reading) -> Batch:
    """Return a batch of these."""
    return Batch(readings=list(readings))


@dataclass
class StandingClock:
    """A clock that shows what time has passed to, and what it was set to by a step."""

    instant: Instant = START
    stepped_ms: int = 0

    def now(self) -> Instant:
        return self.instant

    async def sleep_until(self, instant: Instant) -> None:
        self.instant = max(instant, self.instant)

    def step_ms(self) -> int:
        return self.stepped_ms

    def step(self, by_ms: int) -> None:
        """Set the clock."""
        self.instant += by_ms
        self.stepped_ms += by_ms


class Room:
    """A journal and what judges beside it, at a time of one's own."""

    def __init__(
        self,
        journal: Journal,
        rules: Iterable[AlertRule] = (RULE,),
        register: Register = NOWHERE,
        sequences: tuple[SequenceRule, ...] = (),
    ) -> None:
        self.journal = journal
        self.clock = StandingClock()
        self.metrics = Metrics()
        found = {rule.name: rule for rule in rules}
        rulebook = Rulebook(tuple(found.values()), sequences=sequences)
        self.engine = Engine(rulebook, register, journal.states)
        told = found | {alert.name: alert for each in sequences for alert in each.alerts}
        self.judging = Judging(journal, self.engine, told, self.clock, self.metrics)

    async def at(self, second: int) -> None:
        """Let time pass up to this second, whatever the clock was set to meanwhile."""
        self.clock.instant = START + second * SECOND + self.clock.stepped_ms
        while await self.judging.look(hears=True):
            pass

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@asynccontextmanager
async def room(
    path: Path,
    rules: Iterable[AlertRule] = (RULE,),
    register: Register = NOWHERE,
    sequences: tuple[SequenceRule, ...] = (),
) -> AsyncIterator[Room]:
    """Give a room over the journal; leave it, and another one over the same is a restart."""
    async with opened(path) as journal:
        yield Room(journal, rules, register, sequences)


def placed(*devices: str, areas: tuple[str, ...] = STREET) -> TableRegister:
    """Return a register in which these monitors stand in a street."""
    return TableRegister({f"gas_monitor/{each}": DeviceFacts(areas=areas) for each in devices})


def changes_in(path: Path, rule: str | None = None) -> list[tuple[str, str, int]]:
    """Return device, transition and the second of each transition, in order; of one rule or all."""
    query = (
        "SELECT rule, subject, transition, c.at FROM alert_change AS c"
        " JOIN alert ON id = c.alert ORDER BY seq"
    )
    return [
        (subject.partition("/")[2], name, (at - START) // SECOND)
        for of, subject, name, at in rows_of(path, query)
        if rule in (None, of)
    ]
