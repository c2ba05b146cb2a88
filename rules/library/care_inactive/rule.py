"""The rule `care_inactive`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading, Value
from rules.care import FLAT_DOOR, limits_by_class, of_class
from rules.condition import Condition, State, Timeless, Verdict
from rules.conditions.never import Never
from rules.door_words import DOOR_GAP, heard, leaves, opens
from rules.explanation import Template
from rules.finding import Finding, clear, unknown
from rules.limits import InForce
from rules.rule import AlertRule, Numbers
from rules.severity import Severity
from rules.sources import (
    MOST,
    UNNAMED,
    Controller,
    Controllers,
    controllers_of,
    doors_until,
    listened,
)

_DAY = milliseconds_of(timedelta(days=1))
DAYS = limits_by_class(
    "days",
    {
        "elderly_alone": 3.0,
        "child_in_difficulty": 3.0,
        "seriously_ill": 2.0,
        "disabled": 3.0,
        "other": 3.0,
    },
    1.0,
    14.0,
    "practice: several days in Chongqing Yubei, taken as 2 or 3; 24 h in Shapingba",
)


class Known(NamedTuple):
    """When a door was last opened, or from when on that is known; the doors; whether it was found.

    A saved state, so that new fields go to the end.
    """

    opened_at: Instant
    doors: Controllers
    found: int = 0


@dataclass(frozen=True, slots=True)
class NoOpening(Timeless):
    """No opening for some days in which the controllers of all its doors were heard.

    It is told by the controllers' own words, so their silence is never taken for the person's: one
    that is not heard for 26 h leaves it unknown. `doors` is how many the dwelling has. State: None,
    or `Known`.
    """

    days: InForce
    severity: Severity
    doors: int = MOST

    def start(self) -> State:
        """Return the state of a door never heard."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a word of a controller; that of one of several may be older than the last."""
        if not heard(reading) and not (state and leaves(reading)):
            return state, None
        measured_at = reading.measured_at
        opened_at, before, found = _known(state) if state else Known(measured_at, {})
        doors, unknown_since = listened(before, reading, self.doors)
        if leaves(reading):
            return Known(opened_at, doors, found), None
        if opens(reading) or unknown_since is not None:
            opened_at = max(opened_at, measured_at)
        until, at = doors_until(doors), max(each.heard_at for each in doors.values())
        if at - until > DOOR_GAP:
            return Known(opened_at, doors, found), unknown(at) if found else None
        if until < self._due(opened_at):
            return Known(opened_at, doors), clear(at) if found else None
        evidence: dict[str, Value | None] = {
            "opened_at": opened_at,
            "days": round((until - opened_at) / _DAY, 1),
            "limit": self.days.value,
            "limit_from": self.days.source,
        }
        return Known(opened_at, doors, 1), Finding(self.severity, at, opened_at, evidence)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take in a late opening, which may excuse what was found."""
        if state is None or not opens(reading) or reading.measured_at <= state[0]:
            return state, None
        opened_at, (_, doors, found) = reading.measured_at, _known(state)
        if found and doors_until(doors) < self._due(opened_at):
            return Known(opened_at, doors), clear(opened_at)
        return Known(opened_at, doors, found), None

    def returned(self, state: State, at: Instant) -> State:
        """Count anew from the end of an absence."""
        opened_at, doors, _ = _known(state)
        return Known(max(opened_at, at), doors)

    def _due(self, opened_at: Instant) -> Instant:
        return opened_at + round(self.days.value * _DAY)


def _known(state: State) -> Known:
    """Return a state; one that was saved with an instant for all doors has one that is unnamed."""
    if isinstance(state, Known):
        return state
    opened_at, doors, found = state
    if isinstance(doors, int):
        return Known(opened_at, {UNNAMED: Controller(doors, doors)}, found)
    return Known(opened_at, controllers_of(doors), found)


def _condition(numbers: Numbers) -> Condition:
    if numbers.traits.care is None:
        return Never()
    weak = numbers[FLAT_DOOR.name].value < 1
    severity = Severity.NOTICE if weak else Severity.WARNING
    return NoOpening(of_class(numbers, "days"), severity, numbers.traits.count_of("door", MOST))


RULE = AlertRule(
    name="care_inactive",
    title="Person in care inactive",
    title_zh="关爱对象未出入",
    scope="premises",
    fields={"door": frozenset({"event", "door_open"})},
    condition=_condition,
    limits=(*DAYS, FLAT_DOOR),
    stale_after=timedelta(hours=26),
    amends=True,
    quieted_by=frozenset({"away", "maintenance"}),
    explanation=Template(
        zh="关爱对象的门自 {opened_at} 起无人开启，已 {days} 天，限值 {limit} 天"
        "（依据：{limit_from}）；其间门禁在线。",
        en="Nobody has opened the door of a person in care since {opened_at}: {days} days, the "
        "limit is {limit} ({limit_from}). Each controller was heard all the time.",
    ),
)
