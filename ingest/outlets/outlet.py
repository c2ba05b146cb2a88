"""The port through which alerts leave, and the task that keeps an outlet at it."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol, TypeAlias

from ingest.backoff import Backoff
from ingest.clock import Clock, pause
from ingest.health import Health
from ingest.journal.database import JournalUnavailable
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.sink import SinkUnavailable
from rules.explanation import Text

Count: TypeAlias = Callable[[int], None]
"""Told of so many things that the other side has taken."""
PAGE = 256
"""Alerts read and sent at once: it holds the event loop for 5 to 13 ms."""
_LOOK = timedelta(milliseconds=250)
"""How often to look for something new: the newest number of an index, 10 us."""


class Beside(NamedTuple):
    """What outlets work with besides the other side; `title_of` knows rules by their names."""

    journal: Journal
    clock: Clock
    title_of: Callable[[str], Text]


class Outlet(Protocol):
    """A place where alerts are told. Telling the same again is the same as once."""

    @property
    def name(self) -> str:
        """The name in metrics and health; it never changes."""

    @property
    def done_to(self) -> int | None:
        """The number of the last transition it has and needs no more; None if it needs none."""

    @property
    def backlog(self) -> int:
        """How many transitions it was not told yet."""

    async def step(self, sent: Count) -> bool:
        """Tell something, if there is something to tell; return whether there is more.

        Raises SinkUnavailable when the outcome is not known, and JournalUnavailable; the next step
        tells it again.
        """

    async def close(self) -> None:
        """Give back connections."""


class Courier:
    """One outlet's own task, with its own retries."""

    def __init__(self, outlet: Outlet, longest_backoff: timedelta) -> None:
        self.outlet = outlet
        self._backoff = Backoff(longest_backoff)

    @property
    def part(self) -> str:
        """The name of this part of the service in health."""
        return f"outlet:{self.outlet.name}"

    async def run(self, metrics: Metrics, health: Health) -> None:
        """Tell what there is to tell, for ever."""
        sent = metrics.outlet_sent.labels(self.outlet.name)
        while True:
            try:
                more = await self.outlet.step(sent.inc)
            except SinkUnavailable as error:
                metrics.outlet_errors.labels(self.outlet.name).inc()
                health.trouble(self.part, f"{error}; alerts wait in the journal")
                await self._backoff.wait(error.retry_after)
            except JournalUnavailable as error:
                health.trouble(self.part, f"journal: {error}")
                await self._backoff.wait()
            else:
                self._backoff.succeeded()
                health.recovered(self.part)
                await pause(timedelta() if more else _LOOK)
