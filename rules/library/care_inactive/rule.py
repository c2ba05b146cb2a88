"""The rule `care_inactive`."""

from dataclasses import dataclass
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.care import FLAT_DOOR, limits_by_class, of_class
from rules.condition import Condition, State, Timeless, Verdict
from rules.conditions.never import Never
from rules.door_words import DOOR_GAP, heard, opens
from rules.explanation import Template
from rules.finding import Finding, clear
from rules.limits import InForce
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

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


@dataclass(frozen=True, slots=True)
class NoOpening(Timeless):
    """No opening for some days in which the controller was heard.

    It is told by the controller's own words, so its silence is never taken for the person's. State:
    when the door was last opened, or from when on that is known; when last heard; 1 if found.
    """

    days: InForce
    severity: Severity

    def start(self) -> State:
        """Return the state of a door never heard."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a word of a controller; that of one of several may be older than the last."""
        if not heard(reading):
            return state, None
        opened_at, heard_at, found = state or (reading.measured_at, reading.measured_at, 0)
        at = max(reading.measured_at, heard_at)
        if opens(reading) or at - heard_at > DOOR_GAP:
            opened_at = max(opened_at, reading.measured_at)
        if at < self._due(opened_at):
            return (opened_at, at, 0), clear(at) if found else None
        evidence = {
            "opened_at": opened_at,
            "days": round((at - opened_at) / _DAY, 1),
            "limit": self.days.value,
            "limit_from": self.days.source,
        }
        return (opened_at, at, 1), Finding(self.severity, at, opened_at, evidence)

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take in a late opening, which may excuse what was found."""
        if state is None or not opens(reading) or reading.measured_at <= state[0]:
            return state, None
        opened_at, (_, heard_at, found) = reading.measured_at, state
        if found and heard_at < self._due(opened_at):
            return (opened_at, heard_at, 0), clear(opened_at)
        return (opened_at, heard_at, found), None

    def _due(self, opened_at: Instant) -> Instant:
        return opened_at + round(self.days.value * _DAY)


def _condition(numbers: Numbers) -> Condition:
    if numbers.traits.care is None:
        return Never()
    weak = numbers[FLAT_DOOR.name].value < 1
    return NoOpening(of_class(numbers, "days"), Severity.NOTICE if weak else Severity.WARNING)


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
        "limit is {limit} ({limit_from}). The controller was heard all the time.",
    ),
)
