"""The rule `frequent_outings`."""

from dataclasses import dataclass
from datetime import timedelta

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import Condition, State, Verdict
from rules.door_words import opens
from rules.explanation import Template
from rules.finding import Finding, clear
from rules.habit import day_of, hour_of
from rules.limits import InForce, Limit, Tighter
from rules.moment import Moment
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_UTC_OFFSET = milliseconds_of(timedelta(hours=8))
_DAY = milliseconds_of(timedelta(days=1))
_NIGHT_ENDS_AT = 5
_DAYS_KEPT = 28
_FEWEST_DAYS = 7
_MOST_HABIT = 2
"""Times the limit is the most that a habit allows; general knowledge, not from a standard."""
_SOURCE = "practice, a suggestion"


def _limit(name: str, default: float, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="1",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=_SOURCE,
    )


A_DAY = _limit("a_day", 20.0, 10.0, 100.0)
A_NIGHT = _limit("a_night", 10.0, 4.0, 50.0)


@dataclass(frozen=True, slots=True)
class Outings:
    """More openings a day than the limit and than this dwelling's own 95th percentile.

    Or more than a limit from 00:00 to 05:00 in this night and the last. State: None, or day,
    openings of it, those at night, whether the last night had too many, counts of the days before,
    1 if found.

    Context: with each day remembered as it was, a shop was its own habit after a week. Without the
    days found, the percentile was never above the limit, and sank.
    Decision: a day counts as no more than was allowed on it, and what the first week, by which a
    dwelling is known, makes usual is twice the limit at most.
    Given up: a shop with fewer openings than that, from its first day on, is told of for a week.
    """

    a_day: InForce
    a_night: InForce

    def start(self) -> State:
        """Return the state before the first opening."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Count an opening; not one of a day that is over, which another door tells late."""
        if not opens(reading):
            return state, None
        at = reading.measured_at
        day = day_of(at)
        today, openings, at_night, night_before, days, found = state or (day, 0, 0, 0, [], 0)
        if day < today:
            return state, None
        gone = found and day != today
        if day != today:
            many = at_night > self.a_night.value
            days = [*days, min(openings, self._most(days))][-_DAYS_KEPT:]
            night_before, openings, at_night, found = int(many and day == today + 1), 0, 0, 0
        openings += 1
        at_night += hour_of(at) % 24 < _NIGHT_ENDS_AT
        usual = self._usual(days)
        too_many_at_night = night_before and at_night > self.a_night.value
        if not found and openings <= max(self.a_day.value, usual) and not too_many_at_night:
            finding = clear(at) if gone else None
            return (day, openings, at_night, night_before, days, 0), finding
        limit = self.a_night if too_many_at_night else self.a_day
        evidence = {
            "openings": openings,
            "at_night": at_night,
            "limit": limit.value,
            "limit_from": limit.source,
        }
        if usual:
            evidence |= {"usual": usual, "days": len(days)}
        since = day * _DAY - _UTC_OFFSET
        finding = Finding(Severity.NOTICE, at, since, evidence)
        return (day, openings, at_night, night_before, days, 1), finding

    def _usual(self, days: list[int]) -> float:
        """Return the openings that the habit allows, 0 before it is known."""
        return min(_percentile_95(days), _MOST_HABIT * self.a_day.value)

    def _most(self, days: list[int]) -> float:
        """Return as how many openings a day counts at most that is over."""
        usual = self._usual(days)
        return max(self.a_day.value, usual) if usual else _MOST_HABIT * self.a_day.value

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Say at the end of the day that it is over."""
        *rest, found = state
        over = found and day_of(moment.at) > state[0]
        return ((*rest, 0), clear(moment.at)) if over else (state, None)

    def deadline(self, state: State) -> Instant | None:
        """Return the end of a day on which something was found."""
        return None if state is None or not state[5] else int((state[0] + 1) * _DAY - _UTC_OFFSET)


def _percentile_95(days: list[int]) -> int:
    if len(days) < _FEWEST_DAYS:
        return 0
    return sorted(days)[-(-95 * len(days) // 100) - 1]


def _condition(numbers: Numbers) -> Condition:
    return Outings(numbers[A_DAY.name], numbers[A_NIGHT.name])


RULE = AlertRule(
    name="frequent_outings",
    title="Unusually many openings of a door",
    title_zh="频繁出入",
    scope="premises",
    fields={"door": frozenset({"event"})},
    condition=_condition,
    limits=(A_DAY, A_NIGHT),
    explanation=Template(
        zh="当日开门 {openings} 次，其中 0 至 5 时 {at_night} 次；自身习惯容许 {usual} 次"
        "（{days} 天），限值 {limit} 次（依据：{limit_from}）。",
        en="{openings} openings today, {at_night} of them from 00:00 to 05:00; its own habit "
        "allows {usual} (of {days} days); the limit is {limit} ({limit_from}).",
        otherwise=Template(
            zh="当日开门 {openings} 次，其中 0 至 5 时 {at_night} 次；自身习惯尚不可知，"
            "限值 {limit} 次（依据：{limit_from}）。",
            en="{openings} openings today, {at_night} of them from 00:00 to 05:00; its own habit "
            "is not known yet; the limit is {limit} ({limit_from}).",
        ),
    ),
)
