"""One meter's readings through the production engine, or through the trivial rule."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.lifecycle import Phase, Transition
from rules.memory import SavedState
from rules.register import TableRegister
from rules.severity import Severity
from rules.subject import Subject
from rules.water_day import WATER_DAY, WATER_NIGHT
from rules.water_use import WATER_USE
from tests.quality.injection import DAY, Counted

_RAISED = (Transition.RAISED, Transition.RAISED_LATE, Transition.ESCALATED)
_USE = frozenset({"cumulative_m3", "increment_m3", WATER_USE, WATER_DAY, WATER_NIGHT})
RULEBOOK = Rulebook(
    tuple(
        rule for rule in catalogue().values() if rule.fields.get("water_meter", frozenset()) & _USE
    )
)


class Alarm(NamedTuple):
    """An alert that reached warning or more, or a notice."""

    at: Instant
    rule: str
    severity: int
    alert: str


class Watched:
    """A meter with its engine; `states` lets another go on from here."""

    def __init__(self, states: Mapping[Subject, SavedState] | None = None) -> None:
        self.engine = Engine(RULEBOOK, TableRegister(), SavedStates(states or {}))
        self.alarms: list[Alarm] = []
        self._newest = 0

    def take_in(self, readings: Iterable[Counted]) -> "Watched":
        """Let the engine judge the readings."""
        for at, litres in readings:
            late, self._newest = at < self._newest, max(self._newest, at)
            values = {"cumulative_m3": litres / 1_000}
            self.engine.observe(
                Reading("meter", "water_meter", at, self._newest, values), late=late
            )
        return self

    def taken(self) -> dict[Subject, SavedState]:
        """Return the states, and note the alarms."""
        outcome = self.engine.take()
        assert not outcome.failures, outcome.failures
        self.alarms += [
            Alarm(each.told_at, each.rule, each.severity, each.alert)
            for each in outcome.effects
            if isinstance(each, AlertChange) and each.transition in _RAISED
        ]
        return outcome.states

    def active(self, least: Severity = Severity.NOTICE) -> frozenset[str]:
        """Return the rules whose alert is being told, at this severity or above."""
        lives = self.engine.lives(Subject("device", "water_meter/meter"))
        return frozenset(
            rule
            for rule, life in lives.items()
            if life.severity >= least and life.phase in (Phase.FIRING, Phase.STALE)
        )


def alarms_of(
    readings: Iterable[Counted], states: Mapping[Subject, SavedState] | None = None
) -> list[Alarm]:
    """Return what is told in the course of the readings."""
    watched = Watched(states).take_in(readings)
    watched.taken()
    return watched.alarms


def warnings_of(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the first warning of each alert."""
    found: dict[str, Alarm] = {}
    for alarm in alarms:
        if alarm.severity >= Severity.WARNING:
            found.setdefault(alarm.alert, alarm)
    return list(found.values())


def trivial(readings: Sequence[Counted], litres_per_hour: float) -> list[Instant]:
    """Return when the least of the last 24 hours' differences first exceeds a limit."""
    found, high = [], False
    window: deque[tuple[Instant, int]] = deque()
    for (_, before), (at, litres) in pairwise(readings):
        window.append((at, litres - before))
        while window[0][0] <= at - DAY:
            window.popleft()
        was, enough = high, len(window) >= 20
        high = enough and min(use for _, use in window) > litres_per_hour
        if high and not was:
            found.append(at)
    return found
