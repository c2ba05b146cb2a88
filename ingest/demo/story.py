"""The story of a demonstration: what goes wrong, what is told of it, and what is done about it."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta, timezone
from operator import attrgetter
from typing import NamedTuple

from pydantic_core import from_json

from devices.instant import Instant, datetime_of, milliseconds_of
from devices.models.truth import EVERYWHERE, TruthRecord
from ingest.journal.commands import StoredCommand, newest_commands
from ingest.printable import printable
from rules.catalogue import alert_rules
from rules.severity import Severity

ZONE = timezone(timedelta(hours=8))
"""China's; explanations say their times in it."""
OF_SILENCE = frozenset({"blind_area", "door_offline", "gas_silent", "meter_silent"})
"""Rules whose alerts during an outage of all devices are about that."""
_OF_THE_NETWORK = frozenset({"duplicate", "lost", "late", "clock_drift", "rollover", "replacement"})
"""What befalls messages, clocks and counters is to be borne, and told to nobody."""
_MOST_COMMANDS = 100
_ABOUT_NOW = milliseconds_of(timedelta(hours=1))
_EVER = 1 << 62
_CHANGES = """
SELECT c.seq, alert, rule, subject, transition, c.severity, c.at, c.text_zh, c.text_en
FROM alert_change AS c JOIN alert ON alert.id = alert WHERE c.seq > ? ORDER BY c.seq
"""
_VERBS = {
    "raised": "", "raised_late": "", "escalated": "graver: ", "eased": "eased: ",
    "lost": "no data any more: ", "regained": "data again: ", "resolved": "over: ",
    "suppressed": "kept quiet: ", "resumed": "told again: ", "reset": "reset: ",
    "cleared": "clear, to be reset: ", "recurred": "back: ",
    "would_not_have_fired": "withdrawn: ",
}  # fmt: skip
_EXPLAINED = frozenset({"raised", "raised_late", "escalated"})
_STYLES = {"notice": "cyan", "warning": "yellow", "critical": "bold red"}
_UNITS = {"litres_per_hour": "L/h", "level_lel_pct": "%LEL"}
_PLACES = ("dwelling", "meter", "door")


class Line(NamedTuple):
    """One thing that happened: when, its mark and the style of it, and what people read."""

    at: Instant
    mark: str
    style: str
    title: str
    texts: tuple[str, ...] = ()

    @property
    def clock(self) -> str:
        """The time in China."""
        return local(self.at)


class _Change(NamedTuple):
    seq: int
    alert: str
    rule: str
    subject: str
    transition: str
    severity: int
    at: Instant
    text_zh: str
    text_en: str


class Story:
    """What is new at each look.

    Notices are told only where something was injected, and not those of silence: an outage brings
    one for every door.
    """

    def __init__(
        self, reader: sqlite3.Connection, truth: Callable[[], Sequence[TruthRecord]]
    ) -> None:
        self._reader = reader
        self._truth = truth
        self._seen = 0
        self._injected: set[tuple[str, str, Instant]] = set()
        self._told: set[str] = set()
        self._commands: dict[str, str] = {}
        self._ahead: list[Line] = []

    def news(self, reached: Instant, *, last: bool = False) -> list[Line]:
        """Return what is new, in order of time; devices have lived up to `reached`.

        What the registry alone brings about happens by our clock, which is ahead of devices that
        live through past days: it waits until they have come so far, or for the `last` look.
        """
        lines = [*self._ahead, *self._injections(reached), *self._alerts(), *self._orders()]
        until = _EVER if last else reached + _ABOUT_NOW
        self._ahead = [line for line in lines if line.at > until]
        return sorted((line for line in lines if line.at <= until), key=attrgetter("at"))

    def _injections(self, reached: Instant) -> Iterator[Line]:
        for record in sorted(filter(is_incident, self._truth()), key=attrgetter("start_at")):
            identity = (record.what, record.device, record.start_at)
            if record.start_at <= reached and identity not in self._injected:
                self._injected.add(identity)
                yield Line(record.start_at, "injected", "magenta", injected(record))

    def _alerts(self) -> Iterator[Line]:
        places = {
            str(place)
            for record in self._truth()
            for place in (record.device, record.parameters.get("dwelling"))
            if is_incident(record)
        }
        for row in self._reader.execute(_CHANGES, (self._seen,)).fetchall():
            change = _Change(*row)
            self._seen = change.seq
            grave = change.severity >= Severity.WARNING
            near = place_of(change.subject) in places and change.rule not in OF_SILENCE
            if grave or near or change.alert in self._told:
                self._told.add(change.alert)
                yield _alert_line(change)

    def _orders(self) -> Iterator[Line]:
        for command in reversed(newest_commands(self._reader, _MOST_COMMANDS)):
            state = _state_of(command)
            before = self._commands.get(command.identity)
            if state == before:
                continue
            self._commands[command.identity] = state
            yield from _order_lines(command, before, state)


def local(at: Instant) -> str:
    """Return an instant as month, day and minute in China."""
    return datetime_of(at).astimezone(ZONE).strftime("%m-%d %H:%M")


def is_incident(record: TruthRecord) -> bool:
    """Return whether people are to be told of it."""
    return record.what not in _OF_THE_NETWORK


def injected(record: TruthRecord) -> str:
    """Return what was injected, in words."""
    where = "all devices" if record.device == EVERYWHERE else record.device
    sizes = [
        f"{record.parameters[name]:g} {unit}"
        for name, unit in _UNITS.items()
        if name in record.parameters
    ]
    return ", ".join((f"{record.what.replace('_', ' ')} at {where}", *sizes))


def places_of(record: TruthRecord) -> set[str]:
    """Return the devices and the dwelling that an incident shows at; none for one everywhere."""
    found = {str(record.parameters[name]) for name in _PLACES if name in record.parameters}
    return found | ({record.device} - {EVERYWHERE})


def place_of(subject: str) -> str:
    """Return the device or dwelling of a subject."""
    return subject.rpartition("/")[2]


def _alert_line(change: _Change) -> Line:
    severity = Severity(change.severity).name.lower()
    over = change.transition == "resolved"
    rule = alert_rules().get(change.rule)
    title = f"{rule.title} {rule.title_zh}" if rule else change.rule
    texts = (change.text_zh, change.text_en) if change.transition in _EXPLAINED else ()
    return Line(
        change.at,
        "over" if over else severity,
        "green" if over else _STYLES[severity],
        f"{'' if over else _VERBS[change.transition]}{title}: {printable(change.subject)}",
        tuple(map(printable, texts)),
    )


def _state_of(command: StoredCommand) -> str:
    return "proven" if command.proven_at is not None else command.state


def _order_lines(command: StoredCommand, before: str | None, state: str) -> Iterator[Line]:
    """Yield that it was ordered, and what is known of it since."""
    arguments = "".join(f" {value}" for value in from_json(command.arguments).values())
    what = f"{command.command}{printable(arguments)} to {command.kind}/{command.device}"
    if before is None:
        yield Line(command.issued_at, "order", "bold blue", what)
    if state in ("queued", "sent"):
        return
    answered = command.answered_at
    if answered is not None and before in (None, "queued", "sent"):
        after = (answered - command.issued_at) / 1000
        reason = f" ({printable(command.reason)})" if command.reason else ""
        yield Line(
            answered, "answer", "blue", f"{what}: {command.state}{reason} after {after:.1f} s"
        )
    if command.proven_at == answered is not None:
        return
    if command.proven_at is not None:
        after = (command.proven_at - command.issued_at) / 1000
        yield Line(
            command.proven_at, "proof", "blue", f"{what}: seen by its effect after {after:.1f} s"
        )
    elif answered is None:
        yield Line(command.expires_at, "order", "bold red", f"{what}: {command.state}")
