"""The rule `crowded_dwelling`."""

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from zlib import crc32

from devices.reading import Reading
from rules.condition import Condition, State, Timeless, Verdict
from rules.door_words import opens
from rules.explanation import Template, Text
from rules.finding import Evidence, Finding, clear
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
MARGIN = _limit("margin", 3.0, 0.0, 6.0, "practice: 6 or more, where two or three are registered")
GUESTS = _limit("guests", 12.0, 6.0, 20.0, "general knowledge, not from a standard")
DAYS = _limit("days", 3.0, 1.0, 7.0, "practice: on at least 3 days of 7")


@dataclass(frozen=True, slots=True)
class Crowd(Timeless):
    """Too many different persons who each open one door on several days of seven.

    Or many who stay shorter, on several days in all; of these, as many are no `guests` as are
    `registered` and not seen more often. Pseudonyms are kept as 32-bit checksums, so that the state
    names nobody. State: None, or day, pairs of checksum and days as bits (the lowest today), and
    since when, 0 for not found.
    """

    fewest: int
    days: int
    limit: InForce
    guests: InForce
    registered: int = 0

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
        evidence = self._evidence([bits for _, bits in kept])
        if evidence is None:
            return (today, kept, 0), clear(at) if since else None
        since = since or at
        return (today, kept, since), Finding(Severity.WARNING, at, since, evidence)

    def _evidence(self, seen: list[int]) -> Evidence | None:
        """Return what is too much of those seen on these days, None if nothing is."""
        short = [bits for bits in seen if bits.bit_count() < self.days]
        persons = len(seen) - len(short)
        if persons >= self.fewest:
            known = {"registered": self.registered} if self.registered else {}
            return {"persons": persons, **known, **self._limited(self.limit)}
        guests = len(short) - max(0, self.registered - persons)
        if guests < self.guests.value or reduce(or_, short).bit_count() < self.days:
            return None
        return {"guests": guests, **self._limited(self.guests)}

    def _limited(self, limit: InForce) -> Evidence:
        return {"days": self.days, "limit": limit.value, "limit_from": limit.source}


def _lives_there(reading: Reading) -> bool:
    return opens(reading) and reading.values.get("opened_by") not in _NOT_LIVING_THERE


def _condition(numbers: Numbers) -> Condition:
    days, guests = int(numbers[DAYS.name].value), numbers[GUESTS.name]
    registered, rooms = numbers.traits.persons, numbers.traits.rooms
    if registered:
        limit = numbers[MARGIN.name]
        return Crowd(registered + int(limit.value) + 1, days, limit, guests, registered)
    if rooms is None:
        limit = numbers[PERSONS.name]
        return Crowd(int(limit.value), days, limit, guests)
    limit = numbers[A_ROOM.name]
    return Crowd(int(limit.value * rooms) + 1, days, limit, guests)


_PERSONS = Text(
    "7 天内有 {persons} 人各在至少 {days} 天开过门",
    "{persons} persons each opened the door on {days} days of 7 or more",
)

RULE = AlertRule(
    name="crowded_dwelling",
    title="Unusually many people in a dwelling",
    title_zh="住所人数异常",
    scope="premises",
    fields={"door": frozenset({"event"})},
    condition=_condition,
    limits=(PERSONS, A_ROOM, MARGIN, GUESTS, DAYS),
    stale_after=timedelta(days=7),
    explanation=Template(
        zh="7 天内有 {guests} 名短住者开过门，各不足 {days} 天；"
        "限值 {limit} 人（依据：{limit_from}）。",
        en="{guests} persons opened the door in 7 days, each on fewer than {days}; the limit is "
        "{limit} ({limit_from}).",
        otherwise=Template(
            zh=f"{_PERSONS.zh}；登记 {{registered}} 人，另容许 {{limit}} 人"
            "（依据：{limit_from}）。",
            en=f"{_PERSONS.en}; {{registered}} are registered, and {{limit}} more are allowed "
            "({limit_from}).",
            otherwise=Template(
                zh=f"{_PERSONS.zh}；限值 {{limit}}（依据：{{limit_from}}）。",
                en=f"{_PERSONS.en}; the limit is {{limit}} ({{limit_from}}).",
            ),
        ),
    ),
)
