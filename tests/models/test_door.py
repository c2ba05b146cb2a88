"""Laws of what a door says besides who passes."""

import pytest

from devices.models.calendar import DAY, HOUR, MINUTE
from devices.reading import Reading
from tests.models.runs import START, between, event, plan, run

FLEET = plan(homes=40, doors=2)
DOOR = "door-00001"
AT = START + DAY + 9 * HOUR


def told(text: str, days: float = 3) -> list[Reading]:
    return run(FLEET, days, text).readings(DOOR)


def happened(readings: list[Reading], *events: str) -> list[tuple[int, str]]:
    """Minutes since AT, and what happened, of these events."""
    return [
        ((one.measured_at - AT) // MINUTE, str(one.values["event"]))
        for one in readings
        if one.values.get("event") in events
    ]


@pytest.mark.parametrize(
    ("what", "lasts", "expected"),
    [
        ("power_cut", "2h", [(0, "power_lost"), (120, "online")]),
        ("power_cut", "6h", [(0, "power_lost"), (180, "battery_low"), (360, "online")]),
        ("outage", "1h", [(0, "offline"), (60, "online")]),
        ("tamper", "1h", [(0, "tamper")]),
        ("fire_alarm", "30m", [(0, "fire_release")]),
        ("clock_drift", "2h", [(120, "clock_drift")]),
        ("wrong_attempts", "1h", [(0, "lockout")]),
    ],
)
def test_a_door_says_what_befalls_it(
    what: str, lasts: str, expected: list[tuple[int, str]]
) -> None:
    readings = told(event(what=what, at="1d 09:00", device=DOOR, duration=lasts))
    faults = (
        "power_lost", "battery_low", "online", "offline", "tamper", "fire_release", "clock_drift",
        "lockout",
    )  # fmt: skip
    assert happened(readings, *faults) == expected


def test_an_outage_of_all_is_noticed_by_each_door_and_told_afterwards() -> None:
    text = event(what="outage", at="1d 09:00", duration="1h")
    fleet = run(FLEET, 3, text)
    for door in ("door-00001", "door-00002"):
        lost = happened(fleet.readings(door), "offline", "online")
        assert lost == [(0, "offline"), (60, "online")]
    (offline,) = (
        one for one in fleet.emissions if b'"offline"' in one.payload and b"00001" in one.payload
    )
    assert AT + HOUR <= offline.at < AT + HOUR + 2 * MINUTE


def test_a_door_lives_on_its_battery_for_four_hours() -> None:
    readings = told(event(what="power_cut", at="1d 09:00", device=DOOR, duration="6h"))
    on_battery = [one.values for one in between(readings, 33, 37) if "uptime_s" in one.values]
    assert [values["mains_power"] for values in on_battery] == [False] * 4
    volts = [float(values["battery_v"]) for values in on_battery]
    assert volts == sorted(volts, reverse=True)
    assert volts[-1] < volts[0] - 1
    assert not between(readings, 37, 38.999)
    back = [one.values for one in between(readings, 39, 41) if "uptime_s" in one.values]
    assert [values["mains_power"] for values in back] == [True, True]
    assert 0 < int(back[0]["uptime_s"]) < 3_600


def test_five_wrong_codes_lock_the_door() -> None:
    readings = told(event(what="wrong_attempts", at="1d 09:00", device=DOOR))
    lockout = next(
        place for place, one in enumerate(readings) if one.values.get("event") == "lockout"
    )
    attempts = [one.values for one in readings[lockout - 5 : lockout]]
    assert {
        (v.get("event"), v.get("denied_because"), v.get("credential"), v.get("person"))
        for v in attempts
    } == {("denied", "unknown", "pin", None)}


def test_nobody_has_to_present_anything_while_a_fire_alarm_releases_the_door() -> None:
    text = event(what="fire_alarm", at="1d 09:00", device=DOOR, duration="8h")
    readings = told(text)
    assert not happened(between(readings, 33.01, 40.99), "opened", "denied", "closed")
    standing = [
        one.values["door_open"] for one in between(readings, 33, 41) if "door_open" in one.values
    ]
    assert set(standing) == {True}
    assert happened(between(readings, 40.99, 41), "closed") == [(480, "closed")]
    assert happened(between(readings, 41, 72), "opened")
