"""The live view of the demonstration: what is published, what is stored, what waits."""

import asyncio
import http.client
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from devices.instant import iso_of
from ingest.clock import stopwatch
from ingest.demo.gridwatch import Gridwatch
from ingest.journal.database import open_reader
from ingest.journal.outgoing import newest
from ingest.simulate.publisher import Publisher
from ingest.simulate.tally import Tally

_RATE_OVER_SECONDS = 5.0
_NEWEST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """Where the readings are at one moment."""

    stored: int = 0
    duplicates: int = 0
    late: int = 0
    dead_letters: int = 0
    backlog: int = 0
    written: int = 0
    unacknowledged: int = 0
    devices: int = 0
    missing: int = 0
    """Readings that the broker has acknowledged and the service has not yet dealt with."""


@dataclass(slots=True)
class Scene:
    """A running demonstration, as it is looked at."""

    service: Gridwatch
    publisher: Publisher
    expected: Callable[[Tally], int]
    started: float
    last: Figures = field(default_factory=Figures)

    async def figures(self) -> Figures:
        """Ask the service; the last answer stands if it does not give one."""
        published = self.expected(self.publisher.tally)
        with suppress(OSError, http.client.HTTPException):
            self.last = _figures(await asyncio.to_thread(self.service.metrics), published)
        return self.last


class View:
    """Shows a scene: as a panel that renews itself, or as lines where there is no terminal."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False)
        self._reader = open_reader(scene.service.journal)
        self._past: deque[tuple[float, int, int]] = deque()
        self._said_at = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._reader.close()

    async def refresh(self) -> None:
        """Look again and show what is there."""
        figures = await self._scene.figures()
        rates = self._rates(figures)
        if self._console.is_terminal:
            self._live.update(self._panel(figures, rates), refresh=True)
        elif stopwatch() - self._said_at >= _RATE_OVER_SECONDS:
            self._said_at = stopwatch()
            self._console.print(self._line(figures, rates), soft_wrap=True)

    def _rates(self, figures: Figures) -> tuple[float, float]:
        """Return messages published and readings stored a second, over the last few seconds."""
        now = stopwatch()
        self._past.append((now, self._scene.publisher.tally.messages, figures.stored))
        while len(self._past) > 2 and now - self._past[0][0] > _RATE_OVER_SECONDS:
            self._past.popleft()
        then, messages, stored = self._past[0]
        span = max(now - then, 0.001)
        return (self._past[-1][1] - messages) / span, (figures.stored - stored) / span

    def _panel(self, figures: Figures, rates: tuple[float, float]) -> Panel:
        publisher = self._scene.publisher
        counts = Table.grid(padding=(0, 3))
        counts.add_column(style="bold")
        counts.add_column(justify="right")
        counts.add_column(style="dim")
        for row in _rows(figures, rates, publisher):
            counts.add_row(*row)
        return Panel(
            Group(counts, Text(""), self._newest()),
            title="Gridwatch",
            subtitle=f"simulated time {iso_of(publisher.reached)[:16].replace('T', ' ')} UTC"
            "   Ctrl-C ends",
            border_style="cyan",
        )

    def _newest(self) -> Table:
        table = Table("newest readings", "measured at", "values", box=None, header_style="dim")
        for reading in newest(self._reader, _NEWEST_SHOWN):
            values = "  ".join(f"{name} {value}" for name, value in reading.values.items())
            table.add_row(reading.device, iso_of(reading.measured_at)[:16], Text(values[:90]))
        return table

    def _line(self, figures: Figures, rates: tuple[float, float]) -> str:
        return (
            f"{stopwatch() - self._scene.started:4.0f} s  "
            f"simulated {iso_of(self._scene.publisher.reached)[:16]}  "
            f"published {self._scene.publisher.tally.messages:,} messages ({rates[0]:,.0f}/s)  "
            f"stored {figures.stored:,} readings ({rates[1]:,.0f}/s)  "
            f"duplicates {figures.duplicates:,}  late {figures.late:,}  "
            f"dead letters {figures.dead_letters:,}  backlog {figures.backlog:,}"
        )


def _rows(
    figures: Figures, rates: tuple[float, float], publisher: Publisher
) -> list[tuple[str, str, str]]:
    connected = f"{publisher.connected} of {publisher.connections} connected"
    rows = [
        ("devices", f"{figures.devices:,}", connected),
        ("published", f"{publisher.tally.messages:,}", f"messages, {rates[0]:,.0f}/s"),
        ("stored", f"{figures.stored:,}", f"readings, {rates[1]:,.0f}/s"),
        ("duplicates", f"{figures.duplicates:,}", "repeats that changed nothing"),
        ("late", f"{figures.late:,}", "stored, measured before the device's newest"),
        ("dead letters", f"{figures.dead_letters:,}", "refused with a reason, kept"),
        ("under way", f"{figures.unacknowledged:,}", "messages not yet acknowledged"),
    ]
    if figures.written or figures.backlog:
        rows.append(("InfluxDB", f"{figures.written:,}", f"backlog {figures.backlog:,}"))
    return rows


def _figures(metrics: dict[str, float], published: int) -> Figures:
    def count(name: str) -> int:
        return int(metrics.get(f"gridwatch_{name}", 0))

    stored, duplicates = count("readings_stored_total"), count("readings_duplicate_total")
    dead_letters = count("dead_letters_total")
    return Figures(
        stored=stored,
        duplicates=duplicates,
        late=count("readings_late_total"),
        dead_letters=dead_letters,
        backlog=count("sink_backlog_readings"),
        written=count("sink_readings_written_total"),
        unacknowledged=count("mqtt_unacknowledged"),
        devices=count("devices_seen"),
        missing=published - stored - duplicates - dead_letters,
    )
