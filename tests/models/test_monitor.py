"""Laws of what a gas monitor says of itself."""

import json

import pytest

from devices.instant import iso_of
from devices.models.calendar import DAY, HOUR, MINUTE
from devices.models.fleet import Fleet
from devices.models.scenario import parse_scenario
from devices.reading import Reading
from devices.topic import Channel, Topic
from tests.models.runs import START, between, decoded, event, plan, run

FLEET = plan(seed=1, gas_monitors=1)
MONITOR = "gm-0001"
CUT = event(what="power_cut", at="1d 09:00", device=MONITOR, duration="2h")
GASES = {"ch4_lel_pct", "h2s_mgm3", "co_mgm3", "o2_vol_pct"}


def told(text: str = "", days: float = 3) -> list[Reading]:
    return run(FLEET, days, text).readings(MONITOR)


def test_a_monitor_without_power_is_silent_and_then_warms_up() -> None:
    readings = told(CUT)
    assert not between(readings, 33, 34.999)
    warming, next_one, *_ = between(readings, 34.999, 36)
    assert warming.measured_at == START + DAY + 11 * HOUR
    assert warming.values["sensor_status"] == "warming_up"
    assert not GASES & warming.values.keys()
    assert next_one.measured_at - warming.measured_at == 2 * MINUTE
    assert next_one.values["sensor_status"] == "ok"
    assert next_one.values.keys() >= GASES


def test_the_fan_stays_off_after_a_power_cut_and_commands_wait_for_its_end() -> None:
    topic = Topic("gas_monitor", MONITOR, Channel.DOWN)
    fleet = Fleet(FLEET, START, parse_scenario(CUT))
    for number, hour in enumerate((32, 34)):
        at = START + hour * HOUR
        readings = [one for said in fleet.emissions_until(at) for one in decoded(said)]
        order = {
            "v": 1, "device": MONITOR, "id": f"c-{number}", "command": "fan_start",
            "expires_at": iso_of(at + MINUTE),
        }  # fmt: skip
        replies = fleet.obey(topic, json.dumps(order).encode(), at)
        assert len(replies) == (hour == 32)
    assert [one.values["fan_running"] for one in readings][1:] == [True] * (len(readings) - 1)
    later = list(fleet.emissions_until(START + 2 * DAY))
    (reply,) = (one for one in later if one.topic.channel is Channel.REPLY)
    assert json.loads(reply.payload)["result"] == "expired"
    assert not any(r.values["fan_running"] for one in later for r in decoded(one))


@pytest.mark.parametrize("status", ["fault", "flooded"])
def test_a_faulty_sensor_says_so_and_shows_no_gas(status: str) -> None:
    text = event(what="sensor_fault", at="1d", device=MONITOR, duration="5h", status=status)
    readings = told(text)
    faulty = between(readings, 24, 28.99)
    assert {one.values["sensor_status"] for one in faulty} == {status}
    assert not any(GASES & one.values.keys() for one in faulty)
    others = [*between(readings, 0, 23.99), *between(readings, 29, 72)]
    assert {one.values["sensor_status"] for one in others} == {"ok"}


def test_beyond_full_scale_the_sensor_is_over_its_range() -> None:
    text = event(what="gas_build_up", at="1d", device=MONITOR, duration="8h", level_lel_pct=150.0)
    readings = told(text)
    over = [one for one in readings if one.values["sensor_status"] == "over_range"]
    assert over
    assert {one.values["ch4_lel_pct"] for one in over} == {100.0}
    assert max(float(one.values["ch4_lel_pct"]) for one in readings) == 100.0


def test_afternoons_are_warmer_than_nights() -> None:
    night, day = (
        [float(one.values["temperature_c"]) for one in between(told(), begin, begin + 2)]
        for begin in (3, 15)
    )
    assert max(night) < min(day)
