"""Laws of the harness that judges the water rules."""

from random import Random

import pytest

from tests.quality.__main__ import missed
from tests.quality.disturbance import JUMP_L, disturbances
from tests.quality.injection import DAY, HOUR, leaking, leaks
from tests.quality.meter import Watched, alarms_of, trivial, warnings_of

QUIET = [
    (hour * HOUR, 10_000 + 10 * sum(1 for one in range(1, hour + 1) if one % 24 > 6))
    for hour in range(60 * 24)
]
"""A home that draws 10 L in each hour of the day, and none in six of the night."""


def test_a_quiet_home_is_not_alarmed() -> None:
    assert alarms_of(QUIET) == []


def test_a_leak_of_every_kind_that_is_large_enough_is_found() -> None:
    onset = 40 * 24
    for leak in leaks()[2:]:
        watched = Watched().take_in(QUIET[: onset + 1])
        extra = leak.begun(QUIET[onset][0], Random(1))
        readings = leaking(QUIET[onset + 1 : onset + 14 * 24], extra)
        assert warnings_of(alarms_of(readings, watched.taken())), leak.name


def test_going_on_from_saved_states_is_going_on() -> None:
    watched = Watched().take_in(leaking(QUIET[:500], lambda at: at / HOUR * 9))
    states = watched.taken()
    rest = leaking(QUIET[500:700], lambda at: at / HOUR * 9)
    watched.take_in(rest).taken()
    assert warnings_of(watched.alarms)
    assert [*Watched(states).take_in(rest).taken()] == [*states]


def test_disturbances_bring_no_water() -> None:
    for name, readings in disturbances(QUIET[: 5 * 24]).items():
        risen = readings[-1][1] - readings[0][1]
        assert risen <= QUIET[5 * 24 - 1][1] - QUIET[0][1] or risen >= JUMP_L, name
        assert {alarm.rule for alarm in alarms_of(readings)} <= {"counter_step"}, name


def test_the_trivial_rule_finds_a_day_without_a_dry_hour_once() -> None:
    flowing = leaking(QUIET, lambda at: 6 * max(0, at - 30 * DAY) / HOUR)
    assert trivial(QUIET, 0.0) == []
    assert len(trivial(flowing, 5.0)) == 1


@pytest.mark.parametrize(
    ("figure", "bounds"),
    [
        ({"gap_alarms": 0, "untouched_alarms_per_device_month": 0.06}, []),
        ({"gap_alarms": 1}, ["gap_alarms <= 0"]),
        ({"recall_5lh_48h": 0.949}, ["recall_5lh_48h >= 0.95"]),
        ({"recall_5lh_48h": None}, []),
    ],
)
def test_what_is_missed_is_said(figure: dict[str, float | None], bounds: list[str]) -> None:
    assert missed(figure) == bounds
