"""What befalls gas monitors: levels of each gas, faulty and flooded sensors.

Gases rise slowly enough for `gas_rate_of_rise` and never by half a range: what is found is injected
and nothing else. Limits: GB/T 50493-2019 and GBZ/T 205, as in the rules' own pages.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

from devices.instant import Instant
from devices.reading import Values
from rules.severity import Severity
from tests.proof.tape import Tape

_STEP = timedelta(minutes=4)
_SECOND_SAMPLE = timedelta(seconds=25)
"""Less than the hold of 30 s: the second sample confirms."""
_CALM = {"ch4": 2.0, "h2s": 0.5, "co": 2.0, "o2": 20.5}
_CALM_READINGS = 6
_H2S_MGM3_PER_PPM = 34.08 / 24.06

_HIGH: Mapping[str, tuple[Sequence[float], float]] = {
    "ch4": ((9, 16, 23, 30, 30, 30, 30, 30, 23, 16, 9), 25.0),
    "h2s": ((3, 6, 9, 12, 13, 13, 13, 13, 12, 9.5, 7, 4), 10.0),
    "co": ((9, 16, 23, 30, 30, 30, 30, 19, 9), 20.0),
    "o2": ((20.0, 19.0, 18.9, 18.9, 18.9, 18.9, 19.7, 20.3), 19.5),
}
"""By gas the way up to level 1 and back, and the limit. Values in the band are still found."""
_VERY_HIGH: Mapping[str, tuple[Sequence[float], float]] = {
    "ch4": ((9, 16, 23, 30, 37, 44, 51, 54, 47, 40, 33, 26, 17, 9), 25.0),
    "h2s": ((3, 6, 9, 12, 15, 18, 21, 22, 19.5, 17, 14, 11, 8, 4), 10.0),
    "co": ((9, 16, 23, 30, 37, 44, 50, 39, 30, 19, 9), 20.0),
    "o2": ((20.0, 19.0, 17.6, 17.2, 18.2, 19.0, 20.3), 19.5),
}
"""The same to level 2, which latches."""
_CALL_FOR_A_FAN = ("ch4", "h2s", "o2")
"""None of these tanks has one: nothing runs 60 s after level 1."""
_RULES = {"ch4": "gas_level_ch4", "h2s": "gas_level_h2s", "co": "gas_level_co", "o2": "oxygen"}


def gas_tape(device: str, at: Instant, random: Random) -> Tape:
    """Level 1 of each gas, a fault in the middle of one, then level 2, in any order each."""
    tape = Tape("gas_monitor", device, at)
    _calm(tape, random)
    for gas in random.sample(sorted(_HIGH), len(_HIGH)):
        _level(tape, gas, random)
    _fault(tape, random)
    for gas in random.sample(sorted(_VERY_HIGH), 2):
        values, limit = _VERY_HIGH[gas]
        start_at = _way(tape, gas, values, limit, random)
        tape.expect(_RULES[gas], start_at, Severity.CRITICAL, "firing")
        _calm(tape, random)
    return tape


def patient_monitor(device: str, at: Instant, random: Random) -> Tape:
    """Flooded for 28 s when it is last heard: the alert comes 2 s later, by time alone."""
    tape = Tape("gas_monitor", device, at)
    _say(tape, random, {})
    start_at = _say(tape, random, {}, status="flooded")
    _say(tape, random, {}, status="flooded", after=timedelta(seconds=28), at_once=True)
    tape.expect("gas_flooded", start_at, Severity.WARNING, "firing")
    return tape


def _level(tape: Tape, gas: str, random: Random) -> None:
    values, limit = _HIGH[gas]
    start_at = _way(tape, gas, values, limit, random)
    tape.expect(_RULES[gas], start_at, Severity.WARNING)
    _calm(tape, random)


def _fault(tape: Tape, random: Random) -> None:
    """While a sensor is faulty an alert is stale, and goes on after."""
    values, limit = _HIGH["co"]
    start_at = _way(tape, "co", values[:4], limit, random)
    fault_at = _say(tape, random, {"co": 30.0}, status="fault")
    _say(tape, random, {"co": 30.0}, status="fault")
    _way(tape, "co", values[4:], limit, random)
    tape.expect("gas_level_co", start_at, Severity.WARNING)
    tape.expect("gas_sensor_fault", fault_at, Severity.WARNING)
    _calm(tape, random)


def _way(tape: Tape, gas: str, values: Sequence[float], limit: float, random: Random) -> Instant:
    """Say the values one after the other; return when the limit was reached first."""
    start_at = None
    for place, value in enumerate(values):
        reached = value <= limit if gas == "o2" else value >= limit
        idle = values[max(place - 2, 0) : place + 3].count(value) == 5
        at = _say(tape, random, {gas: value}, idle=idle)
        if reached and start_at is None:
            start_at = at
            if random.random() < 0.5:
                _say(tape, random, {gas: value}, after=_SECOND_SAMPLE)
    assert start_at is not None
    if gas in _CALL_FOR_A_FAN:
        tape.expect("interlock_failed", start_at, Severity.CRITICAL)
    return start_at


def _calm(tape: Tape, random: Random) -> None:
    for number in range(_CALM_READINGS):
        _say(tape, random, {}, idle=number == _CALM_READINGS // 2)


def _say(
    tape: Tape,
    random: Random,
    high: Mapping[str, float],
    *,
    status: str = "ok",
    after: timedelta = _STEP,
    idle: bool = False,
    at_once: bool = False,
) -> Instant:
    air = {
        gas: round(high.get(gas, value) + random.uniform(0, 0.09), 3)
        for gas, value in _CALM.items()
    }
    body, values = _measured(air, status, in_ppm=random.random() < 0.5)
    return tape.say(after, body, values, idle=idle, at_once=at_once)


def _measured(
    air: Mapping[str, float], status: str, *, in_ppm: bool
) -> tuple[dict[str, object], Values]:
    """Return the measurement as it is sent and as it must be stored."""
    unit, h2s = "mg/m3", air["h2s"]
    if in_ppm:
        unit, h2s = "ppm", round(air["h2s"] / _H2S_MGM3_PER_PPM, 5)
    plain: dict[str, float | int | str] = {
        "ch4_lel_pct": air["ch4"],
        "o2_vol_pct": air["o2"],
        "sensor_status": status,
        "calibration_age_days": 30,
    }
    sent: dict[str, object] = {
        "type": "telemetry",
        "h2s": {"value": h2s, "unit": unit},
        "co": {"value": air["co"], "unit": "mg/m3"},
        **plain,
    }
    toxic: Values = {
        "h2s_mgm3": round(h2s * _H2S_MGM3_PER_PPM, 3) if in_ppm else h2s,
        "h2s_unit": unit,
        "co_mgm3": air["co"],
        "co_unit": "mg/m3",
    }
    return sent, {**toxic, **plain}
