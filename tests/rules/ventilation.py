"""Ventilation in tests: the production engine on a journal in memory, and cases that drive it."""

from collections.abc import Iterable, Iterator
from typing import Any

from devices.instant import Instant
from devices.message import Reply, Result
from devices.reading import Reading
from rules.bound import Rulebook
from rules.case import Case, deliveries_of, span_of
from rules.casefile import AREAS, SavedStates
from rules.effect import AlertChange, Command, Effect
from rules.engine import Engine
from rules.limits import LimitBook
from rules.register import DeviceFacts, TableRegister
from rules.sequence import Override
from rules.severity import Severity
from rules.subject import device_subject
from rules.ventilation.rule import RULE

DEVICE = "device-1"
TANK = device_subject("gas_monitor", DEVICE)
EXPLAINED = {alert.name: alert for alert in RULE.alerts}
REGISTER = TableRegister({TANK.id: DeviceFacts(areas=AREAS)})


class Station:
    """An engine with its journal; each event is one transaction. Times of effects are ours."""

    def __init__(self, limits: LimitBook | None = None) -> None:
        self.rulebook = Rulebook((), limits or LimitBook(), (RULE,))
        self.store = SavedStates()
        self.effects: list[tuple[Instant, Effect]] = []
        self.restart()

    def restart(self) -> None:
        """Begin anew from the saved bytes."""
        self.engine = Engine(self.rulebook, REGISTER, self.store)

    def wait(self, until: Instant) -> None:
        """Let each timer ring when it is due."""
        while (at := self.engine.next_deadline()) is not None and at <= until:
            self.tick(at)

    def tick(self, now: Instant) -> None:
        """Let time pass at once."""
        self.engine.tick(now)
        self.commit(now)

    def hear(self, reading: Reading, *, late: bool = False) -> None:
        """Take a reading in."""
        self.engine.observe(reading, late=late)
        self.commit(reading.received_at)

    def reply(self, result: Result, at: Instant, identity: str | None = None) -> None:
        """Answer the last command."""
        identity = identity or self.commands()[-1][1].identity
        self.engine.observe_reply(Reply("gas_monitor", DEVICE, identity, result, None, at, at))
        self.commit(at)

    def override(self, mode: str, until: Instant, now: Instant) -> None:
        """Let a person take over."""
        assert self.engine.override(TANK, RULE.name, Override(mode, until), now)
        self.commit(now)

    def commit(self, now: Instant) -> None:
        """Write what changed."""
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        self.effects += [(now, effect) for effect in outcome.effects]

    def commands(self) -> list[tuple[Instant, Command]]:
        """Return the commands, and when they were given."""
        return [(at, effect) for at, effect in self.effects if isinstance(effect, Command)]

    def changes(self) -> list[AlertChange]:
        """Return the changes of alerts."""
        return [effect for _, effect in self.effects if isinstance(effect, AlertChange)]


def played(case: Case, extras: dict[str, Any]) -> Station:
    """Return the station after a case."""
    station, newest = Station(LimitBook(case.limits)), 0
    for at, name, event in sorted(_events(case, extras), key=lambda each: each[0]):
        station.wait(at)
        if name == "restart":
            station.restart()
        elif name == "reply":
            station.reply(event, at)
        elif name == "override":
            station.override(event[0], case.start_at + span_of(event[1]), at)
        else:
            for _ in range(2 if case.duplicate else 1):
                station.hear(event, late=event.measured_at < newest)
            newest = max(newest, event.measured_at)
    return station


def _events(case: Case, extras: dict[str, Any]) -> Iterator[tuple[Instant, str, Any]]:
    start = case.start_at
    yield from ((each.at, "reading", each.reading) for each in deliveries_of(case, "gas_monitor"))
    yield from ((start + at, "restart", None) for at in case.restart_at)
    for name in ("replies", "overrides"):
        event = {"replies": "reply", "overrides": "override"}[name]
        for at, what in extras.get(name, {}).items():
            yield start + span_of(at), event, what


def shown(effects: Iterable[tuple[Instant, Effect]], start: Instant) -> list[tuple[float, str]]:
    """Return the effects in seconds from the start, as cases expect them."""
    return [((at - start) / 1_000, _words(effect)) for at, effect in effects]


def _words(effect: Effect) -> str:
    if isinstance(effect, Command):
        return effect.command
    severity = f" {Severity(effect.severity).name.lower()}" if "raised" in effect.transition else ""
    return f"{effect.rule} {effect.transition}{severity}"
