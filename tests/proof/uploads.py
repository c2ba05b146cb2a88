"""Good uploads of every kind; what they must become is worked out here, not by the decoders."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from devices.instant import Instant, datetime_of, iso_of, milliseconds_of
from devices.reading import Value
from tests.proof.message import Message, message

Make = Callable[[str, int, Instant, Random], Message]
"""Makes the upload of a device with this number, measured at this instant."""

_FLAGS = ("leak", "burst", "reverse", "cover_open", "low_battery", "empty_pipe")
_OPENERS = ("face", "card", "pin", "qr", "remote", "exit_button", "visitor")
_DENIALS = ("unknown", "expired", "blacklisted", "duress")
_H2S_MGM3_PER_PPM = 34.08 / 24.06
_CO_MGM3_PER_PPM = 28.01 / 24.06
_CHINA = timedelta(hours=8)
SLOTS = {15: 96, 30: 48, 60: 24}
"""Slots a day by their length in minutes."""


def water(device: str, number: int, at: Instant, random: Random) -> Message:
    """Whole numbers are sent without a point, and are floats all the same."""
    state, values = _meter_state(number, random)
    body = {"type": "telemetry", "measured_at": _written(at, random), "firmware": "2.1", **state}
    return message("water_meter", device, body, {at: values})


def daily(device: str, number: int, at: Instant, random: Random) -> Message:
    """A day of slots, 48 in most uploads; the newest carries the state of the meter."""
    minutes = random.choice((30, 30, 30, 15, 60))
    increments = [random.uniform(0, 0.5) for _ in range(SLOTS[minutes])]
    state, values = _meter_state(number, random)
    body = {
        "type": "daily",
        "frozen_at": _written(at, random),
        "slot_minutes": minutes,
        "increments_m3": increments,
        **state,
    }
    slot = milliseconds_of(timedelta(minutes=minutes))
    readings: dict[Instant, dict[str, Value]] = {
        at - age * slot: {"increment_m3": increment, "slot_minutes": minutes}
        for age, increment in enumerate(reversed(increments))
    }
    readings[at] |= values
    return message("water_meter", device, body, readings)


def door(device: str, number: int, at: Instant, random: Random) -> Message:
    """Openings, denials, other events, and a heartbeat now and then."""
    if number % 10 == 0:
        beat: dict[str, Value] = {
            "door_open": random.random() < 0.5,
            "mains_power": True,
            "uptime_s": number,
            "battery_v": random.uniform(11, 14),
            "rsrp_dbm": random.randint(-140, -60),
        }
        body = {"type": "heartbeat", "measured_at": _written(at, random), **beat}
        return message("door", device, body, {at: beat})
    values: dict[str, Value] = {"number": number, **_event(random)}
    body = {"type": "event", "measured_at": _written(at, random), **values}
    return message("door", device, {**body, "direction": None}, {at: values})


def gas(device: str, number: int, at: Instant, random: Random) -> Message:
    """Toxic gases in ppm or mg/m3, with and without the fan's current."""
    h2s, co = random.uniform(0, 50), random.uniform(0, 50)
    in_ppm = random.random() < 0.5
    unit = "ppm" if in_ppm else "mg/m3"
    current = {"current_a": random.uniform(0, 3)} if number % 3 else {}
    plain: dict[str, Value] = {
        "ch4_lel_pct": random.uniform(0, 60),
        "o2_vol_pct": random.uniform(15, 21),
        "sensor_status": random.choice(("ok", "fault", "flooded")),
        "calibration_age_days": number,
        "rsrp_dbm": random.randint(-140, -60),
    }
    body = {
        "type": "telemetry",
        "measured_at": _written(at, random),
        "h2s": {"value": h2s, "unit": unit},
        "co": {"value": co, "unit": unit},
        "fan": {"running": number % 2 == 0, **current},
        **plain,
    }
    values: dict[str, Value] = {
        "h2s_mgm3": round(h2s * _H2S_MGM3_PER_PPM, 3) if in_ppm else h2s,
        "h2s_unit": unit,
        "co_mgm3": round(co * _CO_MGM3_PER_PPM, 3) if in_ppm else co,
        "co_unit": unit,
        "fan_running": number % 2 == 0,
        **{f"fan_{name}": value for name, value in current.items()},
    }
    return message("gas_monitor", device, body, {at: plain | values})


def _meter_state(number: int, random: Random) -> tuple[dict[str, object], dict[str, Value]]:
    """Return the state as it is sent and as it must be stored."""
    whole = number % 10 == 0
    flags = random.sample(_FLAGS, random.randrange(3))
    same: dict[str, Value] = {
        "flow_m3h": random.uniform(0, 5),
        "battery_v": 3.6,
        "rsrp_dbm": random.randint(-140, -60),
        "ecl": random.randrange(3),
        "valve": random.choice(("open", "shut", "fault")),
        "serial": f"S-{number}",
        "transmissions": number,
    }
    sent: dict[str, object] = {
        "cumulative_m3": number if whole else number / 1000,
        "flags": flags,
        **same,
    }
    stored: dict[str, Value] = {
        "cumulative_m3": float(number) if whole else number / 1000,
        "flags": ",".join(sorted(flags)),
        **same,
    }
    return sent, stored


def _event(random: Random) -> dict[str, Value]:
    event = random.choice(("opened", "opened", "denied", "closed", "forced"))
    person = f"p-{random.getrandbits(64):016x}"
    if event == "opened":
        return {"event": event, "opened_by": random.choice(_OPENERS), "person": person}
    if event == "denied":
        return {"event": event, "denied_because": random.choice(_DENIALS), "credential": "card"}
    return {"event": event}


def _written(at: Instant, random: Random) -> str:
    """In UTC or in China's time: the same instant."""
    if random.random() < 0.5:
        return iso_of(at)
    return f"{datetime_of(at + milliseconds_of(_CHINA)):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}+08:00"
