"""Laws of what a meter says by itself: its flags, its alarms, the steps of its counter."""

from itertools import pairwise

import pytest

from devices.models.calendar import DAY, HOUR, MINUTE, SECOND
from devices.models.meter import MODULUS_L
from devices.models.register import flow_flags, shown, slots_until_burst
from devices.reading import Reading
from tests.models.runs import START, Run, between, event, litres, plan, run

FLEET = plan(homes=40)
METER = "wm-000001"
ALARMING = {
    "burst": event(what="burst", at="2d 14:10", device=METER),
    "tamper": event(what="tamper", at="2d 14:10", device=METER),
    "supply_cut": event(what="supply_cut", at="2d 14:10", device=METER),
    "reverse_flow": event(what="reverse_flow", at="2d 14:10", device=METER),
}
AT = START + 2 * DAY + 14 * HOUR + 10 * MINUTE

every_alarm = pytest.mark.parametrize("what", ALARMING)


@pytest.fixture(scope="module")
def calm() -> Run:
    return run(FLEET, days=6)


@pytest.fixture(scope="module")
def alarmed() -> dict[str, Run]:
    return {what: run(plan(homes=1), days=6, scenario=text) for what, text in ALARMING.items()}


def states(of: Run, device: str = METER) -> list[Reading]:
    """The readings that carry counters and flags."""
    return [one for one in of.readings(device) if "serial" in one.values]


def alarms(of: Run) -> list[Reading]:
    """What the meter said between its uploads."""
    return [one for one in states(of) if "increment_m3" not in one.values]


@pytest.mark.parametrize(
    ("what", "flags"),
    [
        ("burst", "burst"),
        ("tamper", "cover_open,magnetic_tamper"),
        ("supply_cut", "empty_pipe"),
        ("reverse_flow", "reverse"),
    ],
)
def test_a_meter_tells_at_once_what_it_then_says_of_the_day(
    alarmed: dict[str, Run], what: str, flags: str
) -> None:
    (alarm,) = alarms(alarmed[what])
    until_known = HOUR + 20 * MINUTE if what == "burst" else 0
    assert alarm.measured_at - AT == until_known + MINUTE
    assert alarm.values["flags"] == flags
    days = [one.values["flags"] for one in states(alarmed[what]) if "increment_m3" in one.values]
    assert days == ["", "", "", flags, "", ""]


@every_alarm
def test_the_counter_never_runs_backwards(alarmed: dict[str, Run], what: str) -> None:
    counters = [float(one.values["cumulative_m3"]) for one in states(alarmed[what])]
    assert len(counters) == 7
    assert counters == sorted(counters)


@every_alarm
def test_each_message_of_a_meter_counts_one_transmission(
    alarmed: dict[str, Run], what: str
) -> None:
    by_arrival = sorted(alarmed[what].emissions, key=lambda emission: emission.at)
    (first, *_), numbers = by_arrival, []
    for emission in by_arrival:
        _, _, number = emission.payload.partition(b'"transmissions":')
        numbers.append(int(number.rstrip(b"}")))
    assert first.new_readings == 48
    assert numbers == list(range(numbers[0], numbers[0] + 7))


def test_an_alarm_of_a_burst_shows_its_flow(alarmed: dict[str, Run]) -> None:
    (alarm,) = alarms(alarmed["burst"])
    assert 2.0 < float(alarm.values["flow_m3h"]) < 3.125


def test_what_runs_back_is_counted_apart(alarmed: dict[str, Run], calm: Run) -> None:
    counters = [one.values["reverse_m3"] for one in states(alarmed["reverse_flow"])]
    assert counters[:2] == [0.0, 0.0]
    assert counters[-2:] == [0.06, 0.06]
    hours = (2 * 24 + 14.5, 2 * 24 + 16)
    assert litres(between(alarmed["reverse_flow"].readings(METER), *hours)) == 0
    assert {one.values["reverse_m3"] for one in states(calm)} == {0.0}


def test_an_empty_pipe_has_no_pressure(alarmed: dict[str, Run]) -> None:
    pressures = [float(one.values["pressure_mpa"]) for one in states(alarmed["supply_cut"])]
    assert pressures.pop(3) == 0.0
    assert min(pressures) > 0.2


def test_a_day_without_a_dry_slot_is_a_leak() -> None:
    leaking = run(FLEET, 6, event(what="leak", at="1d 02:00", device=METER))
    flags = [one.values["flags"] for one in states(leaking)]
    assert flags == ["", "", "", "leak", "leak", "leak"]


def test_a_home_where_nothing_happens_raises_no_flag_but_that_of_its_battery(calm: Run) -> None:
    flags = {
        (one.values["flags"], float(one.values["battery_v"]) <= 3.3)
        for number in range(1, 41)
        for one in states(calm, f"wm-{number:06d}")
    }
    assert flags == {("", False), ("low_battery", True)}


def test_one_meter_in_twenty_counts_in_steps_of_ten_litres() -> None:
    fleet = run(plan(homes=400), days=2)
    coarse = 0
    for number in range(1, 401):
        readings = fleet.readings(f"wm-{number:06d}")
        resolution_l = next(one.values["resolution_l"] for one in readings[::-1])
        steps = [round(1_000 * float(one.values["increment_m3"])) for one in readings]
        assert not any(step % int(resolution_l) for step in steps)
        coarse += resolution_l == 10
    assert 10 <= coarse <= 30


@pytest.mark.parametrize("resolution_l", [1, 10, 100, 1_000])
@pytest.mark.parametrize("before_l", [0, 7, 999, MODULUS_L - 1])
def test_coarse_steps_never_stray_from_the_water_by_a_step(
    before_l: int, resolution_l: int
) -> None:
    slots = [0, 3, 9, 1, 0, 40, 7, 7, 993, 12]
    steps = shown(before_l, slots, resolution_l)
    assert len(steps) == len(slots)
    for count in range(len(slots) + 1):
        shown_l, true_l = sum(steps[:count]), before_l % resolution_l + sum(slots[:count])
        assert shown_l == true_l // resolution_l * resolution_l


@pytest.mark.parametrize(
    ("slots", "minutes", "flags"),
    [
        ([1] * 48, 30, {"leak"}),
        ([1] * 47, 30, set()),
        ([*[1] * 47, 0], 30, set()),
        ([1] * 96, 15, {"leak"}),
        ([0, 1_000, 1_000], 30, {"burst"}),
        ([0, 1_000, 999, 1_000], 30, set()),
        ([2_000, 2_000], 60, {"burst"}),
        ([0, 1_562], 30, set()),
        ([0, 1_563], 30, {"over_range"}),
        ([], 30, set()),
    ],
)
def test_a_flow_raises_the_flags_of_its_size(
    slots: list[int], minutes: int, flags: set[str]
) -> None:
    assert flow_flags(slots, minutes) == flags
    known = slots_until_burst(slots, minutes)
    assert (known is not None) == ("burst" in flags)


@every_alarm
def test_an_alarm_shares_its_instant_with_no_slot(what: str) -> None:
    text = ALARMING[what].replace("14:10", "14:29")
    meter = run(plan(homes=1), days=6, scenario=text)
    instants = [one.measured_at for one in meter.readings(METER)]
    assert len(instants) == sum(one.new_readings for one in meter.emissions)
    (alarm,) = alarms(meter)
    assert (alarm.measured_at - START) % (30 * MINUTE) in (SECOND, MINUTE)
    assert all(before < after for before, after in pairwise(instants))
