from collections import Counter
from statistics import mean, median

import pytest

from devices.models.calendar import is_weekend
from devices.models.household import household_of, is_away, litres_by_slot
from devices.models.residents import passages

FIRST_DAY = 20_513
"""1 March 2026."""
HOMES = 400


@pytest.fixture(scope="module")
def days() -> list[list[list[int]]]:
    return [
        [litres_by_slot(7, home, FIRST_DAY + day, 30) for day in range(28)] for home in range(HOMES)
    ]


def test_homes_use_about_what_the_homes_of_the_daiad_trial_do(days: list[list[list[int]]]) -> None:
    """Median 226 L a day, 44 to 444 L from 5 to 95 %, 51 % of hours without water."""
    a_day = sorted(mean(map(sum, home)) for home in days)
    assert 200 <= median(a_day) <= 250
    assert 35 <= a_day[HOMES // 20] <= 80
    assert 400 <= a_day[HOMES * 19 // 20] <= 520
    slots = [litres for home in days for day in home for litres in day]
    assert 0.4 <= slots.count(0) / len(slots) <= 0.6


def test_nights_are_quiet_and_mornings_are_not(days: list[list[list[int]]]) -> None:
    night, morning = (
        sum(sum(day[slots]) for home in days for day in home)
        for slots in (slice(4, 8), slice(13, 17))
    )
    assert night * 5 < morning


def test_weekday_mornings_begin_before_those_of_the_weekend(days: list[list[list[int]]]) -> None:
    early = {True: [0], False: [0]}
    for home in days:
        for number, day in enumerate(home):
            early[is_weekend(FIRST_DAY + number)].append(sum(day[12:15]))
    assert mean(early[False]) > 2 * mean(early[True])


def test_gardens_take_water_in_summer_alone() -> None:
    more = {True: [0], False: [0]}
    for home in range(HOMES):
        winter, summer = (
            sum(sum(litres_by_slot(7, home, day, 30)) for day in range(first, first + 28))
            for first in (20_460, 20_640)
        )
        more[household_of(7, home).garden].append((summer - winter) // 28)
    assert mean(more[True]) > 50
    assert abs(mean(more[False])) < 10


def test_who_is_on_a_trip_neither_takes_water_nor_passes_the_door() -> None:
    trips = [
        (home, day)
        for home in range(HOMES)
        for day in range(FIRST_DAY, FIRST_DAY + 28)
        if is_away(7, home, day)
    ]
    assert 0.005 < len(trips) / (HOMES * 28) < 0.05
    assert not any(sum(litres_by_slot(7, *trip, 30)) or passages(7, *trip) for trip in trips)


def test_doors_are_busiest_in_the_morning_and_nearly_quiet_at_night() -> None:
    """By hour of weekdays: fewer than 2 in 100 passages before 05:00, but some."""
    weekdays = [day for day in range(FIRST_DAY, FIRST_DAY + 14) if not is_weekend(day)]
    hours = Counter(
        passage.second // 3_600
        for home in range(HOMES)
        for day in weekdays
        for passage in passages(7, home, day)
    )
    assert hours.most_common(1)[0][0] in (7, 8)
    assert 0.002 < sum(hours[hour] for hour in range(5)) / hours.total() < 0.02


def test_elderly_people_alone_go_out_less() -> None:
    homes = [home for home in range(HOMES) if household_of(7, home).occupants == 1]
    out = {
        care: mean(
            len(passages(7, home, day))
            for home in homes
            for day in range(FIRST_DAY, FIRST_DAY + 14)
            if household_of(7, home).care is care
        )
        for care in (True, False)
    }
    assert 0 < out[True] < out[False]
