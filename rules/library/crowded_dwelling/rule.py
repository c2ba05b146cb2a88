"""The rule `crowded_dwelling`."""

from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from devices.reading import Reading
from rules.condition import Condition, State, Timeless, Verdict
from rules.door_words import opens
from rules.explanation import Template
from rules.finding import Finding, clear
from rules.habit import day_of
from rules.limits import InForce, Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_WEEK = 7
_MOST_KEPT = 32
_NOT_LIVING_THERE = frozenset({"visitor", "exit_button"})


def _limit(name: str, default: float, low: float, high: float, source: str) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit="1",
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=source,
    )


PERSONS = _limit("persons", 6.0, 3.0, 10.0, "practice: 6 or more; Nanjing 10 people")
A_ROOM = _limit("a_room", 2.0, 1.0, 2.0, "practice: Shanghai, more than 2 in a room")
DAYS = _limit("days", 3.0, 1.0, 7.0, "practice: on at least 3 days of 7")


@dataclass(frozen=True, slots=True)
class Crowd(Timeless):
    """Too many different persons who each open one door on several days of seven.

    Pseudonyms are kept as 32-bit checksums, so that the state names nobody. State: None, or day,
    pairs of checksum and days as bits (the lowest today), and since when, 0 for not found.
    """

    fewest: int
    days: int
    limit: InForce

    def start(self) -> State:
        """Return the state before the first person."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Note who opened a door that day; one of several doors may tell of it days later."""
        person = reading.values.get("person")
        if not isinstance(person, str) or not _lives_there(reading):
            return state, None
        at, who = reading.measured_at, crc32(person.encode())
        opened_on = day_of(at)
        day, pairs, since = state or (opened_on, (), 0)
        today = max(day, opened_on)
        seen = {each: bits << (today - day) & ((1 << _WEEK) - 1) for each, bits in pairs}
        seen[who] = seen.pop(who, 0) | 1 << (today - opened_on) & ((1 << _WEEK) - 1)
        kept = [(each, bits) for each, bits in seen.items() if bits][-_MOST_KEPT:]
        count = sum(bits.bit_count() >= self.days for _, bits in kept)
        if count < self.fewest:
            return (today, kept, 0), clear(at) if since else None
        since = since or at
        evidence = {
            "persons": count,
            "days": self.days,
            "limit": self.limit.value,
            "limit_from": self.limit.source,
        }
        return (today, kept, since), Finding(Severity.WARNING, at, since, evidence)


def _lives_there(reading: Reading) -> bool:
    return opens(reading) and reading.values.get("opened_by") not in _NOT_LIVING_THERE


def _condition(numbers: Numbers) -> Condition:
    days, rooms = int(numbers[DAYS.name].value), numbers.traits.rooms
    if rooms is None:
        limit = numbers[PERSONS.name]
        return Crowd(int(limit.value), days, limit)
    limit = numbers[A_ROOM.name]
    return Crowd(int(limit.value * rooms) + 1, days, limit)


RULE = AlertRule(
    name="crowded_dwelling",
    title="More people in a dwelling than it has room for",
    title_zh="住所人数异常",
    scope="premises",
    fields={"door": frozenset({"event"})},
    condition=_condition,
    limits=(PERSONS, A_ROOM, DAYS),
    stale_after=timedelta(days=7),
    explanation=Template(
        zh="7 天内有 {persons} 人各在至少 {days} 天开过门；限值 {limit}（依据：{limit_from}）。",
        en="{persons} persons each opened the door on {days} days of 7 or more; the limit is "
        "{limit} ({limit_from}).",
    ),
)
