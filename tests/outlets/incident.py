"""A gas incident that an outlet is to tell of, at a time that suits the other side."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from devices.instant import Instant
from devices.reading import Reading
from ingest.alert_rows import title_of
from ingest.clock import MachineClock
from ingest.outlets.alertmanager import AlertmanagerOutlet, Receiver
from ingest.outlets.outlet import Beside, Outlet
from rules.catalogue import catalogue
from rules.explanation import Text
from rules.register import Register, Span, TableRegister
from tests.alerts.gas import GOOD, MONITOR, NOWHERE, RULE, SECOND, Room, batch, gas, placed, room
from tests.journal.readings import START

CLEAR = tuple((second, GOOD) for second in range(20, 400, 60))
"""Seconds and levels that resolve a warning of the second 10."""
MINUTE = 60 * SECOND
QUIETED = replace(RULE, quieted_by=frozenset({"maintenance"}))
"""The rule, as one that maintenance silences."""


@dataclass
class MovedClock(MachineClock):
    """The machine's clock, moved by so many milliseconds."""

    by: int = 0

    def now(self) -> Instant:
        return super().now() + self.by


@dataclass
class Incident:
    """A room whose readings are `later` milliseconds later than those of `gas`."""

    room: Room
    later: int = 0
    sent: list[int] = field(default_factory=list)

    async def measures(self, *levels: tuple[int, float], device: str = MONITOR) -> None:
        """Commit readings of these seconds and levels."""
        readings = [self._later(gas(second, level, device)) for second, level in levels]
        await self.room.judging.commit(batch(*readings))

    def outlet(
        self, receiver: Receiver, clock: MachineClock | None = None, interval_s: float = 60.0
    ) -> AlertmanagerOutlet:
        beside = Beside(self.room.journal, clock or self.room.clock, title)
        interval = timedelta(seconds=interval_s)
        return AlertmanagerOutlet("alertmanager:test", receiver, beside, interval)

    async def tell(self, outlet: Outlet, at: int | None = None) -> None:
        """Let the outlet tell all there is to tell, at this second."""
        if at is not None:
            self.room.clock.instant = START + self.later + at * SECOND
        while await outlet.step(self.sent.append):
            pass

    def _later(self, reading: Reading) -> Reading:
        return reading._replace(
            measured_at=reading.measured_at + self.later,
            received_at=reading.received_at + self.later,
        )


def title(rule: str) -> Text:
    return title_of(rule, catalogue())


def in_maintenance(until: Instant, *devices: str) -> TableRegister:
    """Return a register in which these monitors are in maintenance up to the instant."""
    register = placed(*devices)
    return replace(
        register,
        devices={
            name: facts._replace(maintenance=Span(0, until))
            for name, facts in register.devices.items()
        },
    )


@asynccontextmanager
async def incident(
    path: Path, register: Register = NOWHERE, *, later: int = 0
) -> AsyncIterator[Incident]:
    async with room(path, (QUIETED,), register) as here:
        yield Incident(here, later)


def severities(labels: Iterable[dict[str, str]]) -> list[str]:
    return sorted(each["severity"] for each in labels)
