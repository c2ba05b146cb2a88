"""The live view of the demonstration: what is published, what is stored, what waits."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from devices.catalogue import catalogue
from devices.instant import Instant, datetime_of
from devices.models.truth import TruthRecord
from devices.reading import Reading
from ingest.demo.scene import Figures, Scene
from ingest.demo.story import ZONE, Line, Story, injected, local
from ingest.demo.summary import Summary, Told, summary_of
from ingest.demo.wording import spoken
from ingest.journal.database import open_reader
from ingest.journal.outgoing import newest
from rules.severity import Severity

_RATE_OVER_S = 5.0
_LINE_EVERY_S = 5.0
_NEWEST_OF_A_KIND = 1
_HIGH = 40
"""Lines of a terminal that has room for readings below the story."""
_LOOKED_THROUGH = 1_000
"""Readings; at high speed about as many come in between two looks."""
_WIDEST = 110
_MOST_NAMED = 5


class Rates(NamedTuple):
    """Per second, over the last few seconds."""

    published: float
    stored: float
    written: float


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    total: int
    rate: float | None
    meaning: str


class View:
    """Shows a scene: as a panel that renews itself, or as lines where there is no terminal."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._console = Console()
        if not self._console.is_terminal:
            self._console = Console(width=_WIDEST)
        self._live = Live(console=self._console, auto_refresh=False)
        self._reader = open_reader(scene.service.journal)
        self._past: deque[tuple[float, Rates]] = deque()
        self._shown = {kind: list[Reading]() for kind in catalogue()}
        self._said_at_s = 0.0
        self._story = Story(self._reader, scene.truth)

    def __enter__(self) -> Self:
        self._console.print(_opening(self._scene), soft_wrap=True)
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        self._reader.close()

    async def refresh(self, *, last: bool = False) -> None:
        """Look again and show what is there; where there are only lines, one every 5 seconds.

        What is new in the story stays, above what renews itself.
        """
        figures = await self._scene.look()
        for line in self._story.news(self._scene.publisher.reached, last=last):
            self._console.print(_told(line))
        rates = self._rates(figures)
        elapsed_s = self._scene.elapsed_s
        if self._console.is_terminal:
            self._live.update(self._panel(figures, rates, last=last), refresh=True)
        elif last or elapsed_s - self._said_at_s >= _LINE_EVERY_S:
            self._said_at_s = elapsed_s
            self._console.print(_line(self._scene, figures, rates), soft_wrap=True)

    def summarize(self) -> Summary:
        """Show and return what was injected and what was told of it."""
        summary = summary_of(self._reader, self._scene.truth(), self._scene.publisher.reached)
        if summary.fates:
            self._live.stop()
            cut_at = None if self._scene.in_the_present else self._scene.publisher.reached
            self._console.print(_summary_table(summary, cut_at))
        return summary

    def _rates(self, figures: Figures) -> Rates:
        now_s = self._scene.elapsed_s
        totals = Rates(self._scene.publisher.tally.messages, figures.stored, figures.written)
        self._past.append((now_s, totals))
        while len(self._past) > 2 and now_s - self._past[0][0] > _RATE_OVER_S:
            self._past.popleft()
        then_s, before = self._past[0]
        span_s = max(now_s - then_s, 0.001)
        return Rates(*((a - b) / span_s for a, b in zip(totals, before, strict=True)))

    def _panel(self, figures: Figures, rates: Rates, *, last: bool) -> Panel:
        self._find_newest()
        counts = _counts(list(_rows(self._scene, figures, rates)))
        where = _where(self._scene, figures, last=last)
        parts: list[RenderableType] = [where, Text(), counts]
        if self._console.height >= _HIGH:
            parts += [Text(), self._newest_table()]
        return Panel(
            Group(*parts),
            title=f"Gridwatch: {self._scene.title}",
            subtitle="ended" if last else "Ctrl-C ends",
            border_style="cyan",
            width=min(self._console.width, _WIDEST),
        )

    def _find_newest(self) -> None:
        """Look for newer readings of each kind; one that is silent just now keeps what it had."""
        most = _NEWEST_OF_A_KIND
        readings = newest(self._reader, _LOOKED_THROUGH)
        for kind, shown in self._shown.items():
            found = [each for each in readings if each.kind == kind]
            of_each_device = {each.device: each for each in reversed(found + shown)}
            shown[:] = list(of_each_device.values())[: -most - 1 : -1]

    def _newest_table(self) -> Table:
        """Return the newest readings, always in the same number of lines."""
        table = Table(
            box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True
        )
        table.add_column("newest", min_width=11, no_wrap=True)
        table.add_column("measured at", min_width=23, no_wrap=True, style="dim")
        table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
        for shown in self._shown.values():
            for reading in shown:
                table.add_row(reading.device, _minute(reading.measured_at), spoken(reading))
            if not shown:
                table.add_row()
        return table


def _opening(scene: Scene) -> str:
    lives = "days go by in seconds, then minutes; " if scene.truth() else ""
    return f"{scene.title}: {lives}device time {_device_time(scene)}"


def _told(line: Line) -> Table:
    """Return a line of the story; its texts are indented below it."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=11, no_wrap=True)
    grid.add_column(style=line.style, width=8, no_wrap=True)
    grid.add_column(max_width=_WIDEST - 21)
    grid.add_row(line.clock, line.mark, Text(line.title, style="bold"))
    for text in line.texts:
        grid.add_row("", "", Text(text, overflow="fold"))
    return grid


def _summary_table(summary: Summary, cut_at: Instant | None) -> Group:
    """Return the summary; `cut_at` is how far a story came that did not reach the present."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("injected")
    table.add_column("since", no_wrap=True)
    table.add_column("what was told of it, and after how long")
    for record, alerts in summary.fates:
        table.add_row(injected(record), local(record.start_at), _alerts_in_words(record, alerts))
    told = sum(bool(fate.alerts) for fate in summary.fates)
    named = [f"{each.rule} at {each.subject}" for each in summary.others[:_MOST_NAMED]]
    more = len(summary.others) - len(named)
    others = ", ".join([*named, *([f"and {more} more"] if more else [])]) or "none"
    counted = f"{told} of {len(summary.fates)} incidents were told of"
    words = [f"{counted}; warnings about nothing that was injected: {others}"]
    if cut_at is not None:
        ahead = ", ".join(map(injected, summary.ahead)) or "what follows from the last incidents"
        words.append(f"cut short at {_minute(cut_at)}; not reached: {ahead}")
    return Group(Text(), table, Text(), *map(Text, words))


def _alerts_in_words(record: TruthRecord, alerts: Iterable[Told]) -> str:
    """Return each rule with its severities, milder ones first, and after how long."""
    told: dict[str, dict[int, str]] = {}
    for alert in alerts:
        grade = f"{_grade(alert)} {_after(alert.at - record.start_at)}"
        told.setdefault(alert.rule, {}).setdefault(alert.severity, grade)
    words = (f"{rule} {', then '.join(grades.values())}" for rule, grades in told.items())
    return "; ".join(words) or "nothing yet"


def _after(duration_ms: int) -> str:
    minutes = max(0, duration_ms // 60_000)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _grade(alert: Told) -> str:
    return Severity(alert.severity).name.lower()


def _where(scene: Scene, figures: Figures, *, last: bool) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_row("running", f"{scene.elapsed_s:,.0f} s")
    grid.add_row("device time", _device_time(scene))
    publisher = scene.publisher
    up = f", {publisher.connected} of {publisher.connections} connections up"
    grid.add_row("devices", f"{figures.devices:,}{'' if last else up}")
    return grid


def _counts(rows: list[_Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", style="bold", min_width=13, no_wrap=True)
    table.add_column("total", justify="right", min_width=11, no_wrap=True)
    table.add_column("a second", justify="right", min_width=9, no_wrap=True)
    table.add_column("", style="dim", no_wrap=True, overflow="ellipsis")
    for row in rows:
        rate = "" if row.rate is None else f"{row.rate:,.0f}"
        table.add_row(row.name, f"{row.total:,}", rate, row.meaning)
    return table


def _rows(scene: Scene, figures: Figures, rates: Rates) -> Iterator[_Row]:
    messages = scene.publisher.tally.messages
    yield _Row("published", messages, rates.published, "messages that the broker took")
    yield _Row("stored", figures.stored, rates.stored, "readings; a daily upload holds many")
    for kind in catalogue():
        yield _Row(f"  {kind}", figures.stored_by_kind.get(kind, 0), None, "")
    yield _Row("duplicates", figures.duplicates, None, "repeats of a stored reading")
    yield _Row("late", figures.late, None, "stored; measured before the newest")
    yield _Row("dead letters", figures.dead_letters, None, "refused with a reason, and kept")
    yield _Row("under way", figures.unacknowledged, None, "messages not yet acknowledged")
    if scene.influx:
        backlog = f"readings; {figures.backlog:,} wait in the journal"
        yield _Row("InfluxDB", figures.written, rates.written, backlog)


def _line(scene: Scene, figures: Figures, rates: Rates) -> str:
    influx = f"  InfluxDB {figures.written:,}, waiting {figures.backlog:,}" if scene.influx else ""
    return (
        f"{scene.elapsed_s:4.0f} s  device time {_device_time(scene)}  "
        f"published {scene.publisher.tally.messages:,} messages ({rates.published:,.0f}/s)  "
        f"stored {figures.stored:,} readings ({rates.stored:,.0f}/s)  "
        f"duplicates {figures.duplicates:,}  late {figures.late:,}  "
        f"dead letters {figures.dead_letters:,}  under way {figures.unacknowledged:,}{influx}"
    )


def _device_time(scene: Scene) -> str:
    at = _minute(scene.publisher.reached)
    return f"{at}, the present: from here in real time" if scene.in_the_present else at


def _minute(instant: int) -> str:
    """Return an instant to the minute, in China's time."""
    return datetime_of(instant).astimezone(ZONE).strftime("%Y-%m-%d %H:%M +08:00")
