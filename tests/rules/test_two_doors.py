"""Laws of a dwelling with two doors, one of which tells of the past days at once."""

import pytest

from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.register import DeviceFacts, PremisesFacts, TableRegister

HOUR = 3_600_000
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
SIX = range(6)
HOME = "d-0000000000000001"
AT_HOME = TableRegister(
    {f"door/{name}": DeviceFacts(premises=HOME) for name in ("front", "back")},
    {HOME: PremisesFacts(care="elderly_alone")},
)


def word(
    hour: float, door: str, person: int | None = None, told_at: float | None = None
) -> Reading:
    """An opening by a person, or that the door is shut."""
    at = START + round(hour * HOUR)
    values: dict[str, Value] = {"door_open": False}
    if person is not None:
        values = {"event": "opened", "opened_by": "face", "person": f"p-{person:016x}"}
    arrives = at if told_at is None else START + round(told_at * HOUR)
    return Reading(door, "door", at, arrives, values)


def told(rule: str, *readings: Reading) -> list[tuple[str, float]]:
    """Return the transitions of a rule, and their hours."""
    engine = Engine(Rulebook((catalogue()[rule],)), AT_HOME, SavedStates())
    for reading in readings:
        engine.observe(reading)
    outcome = engine.take()
    assert outcome.failures == ()
    return [
        (change.transition.value, (change.at - START) / HOUR)
        for change in outcome.effects
        if isinstance(change, AlertChange)
    ]


def test_an_opening_long_past_makes_nobody_inactive_who_was_seen_since() -> None:
    front = [word(hour, "front", 1) for hour in range(0, 100, 10)]
    back = [word(hour, "back", 1 if hour == 2 else None, 99) for hour in range(2, 99, 12)]
    assert told("care_inactive", *front, *back, word(100, "front")) == []


def test_an_opening_of_the_other_door_is_heard_of_late_and_ends_the_alert_at_once() -> None:
    front = [word(hour, "front", 1 if hour == 0 else None) for hour in range(0, 96, 12)]
    back = [word(60, "back", 1, 90)]
    assert told("care_inactive", *front, *back) == [("raised", 72.0), ("resolved", 84.0)]


@pytest.mark.parametrize(("day", "alerts"), [(9, ["raised"]), (3, [])])
def test_who_came_by_the_other_door_is_counted_on_the_day_when_it_was(
    day: int, alerts: list[str]
) -> None:
    front = [word(24 * day + number / 10, "front", number) for day in (10, 11) for number in SIX]
    back = [word(24 * day + number / 10, "back", number, 24 * 12) for number in SIX]
    found = told("crowded_dwelling", *front, *back)
    assert [transition for transition, _ in found] == alerts


def test_openings_of_days_that_are_over_are_not_of_this_day() -> None:
    front = [word(240 + minute / 60, "front", 1) for minute in range(15)]
    back = [word(200 + minute / 60, "back", 1, 241) for minute in range(15)]
    again = [word(242 + minute / 60, "front", 1) for minute in range(5)]
    assert told("frequent_outings", *front, *back, *again) == []
    more = [word(243, "front", 1)]
    assert told("frequent_outings", *front, *back, *again, *more) == [("raised", 243.0)]
