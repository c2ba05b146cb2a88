"""What the rules cost: `python -m tests.bench.rules` prints it, the last line as JSON."""

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator

from devices.instant import Instant
from devices.reading import Reading, Value
from ingest.clock import stopwatch
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.engine import Engine
from rules.register import DeviceFacts, PremisesFacts, TableRegister
from rules.store import NoStore
from rules.subject import Subject, device_subject
from rules.timers import Timers

START: Instant = 1_772_380_800_000
MINUTE = 60_000
METERS = 5_000
ROUNDS = 12
BATCH = 500
TIMERS = 1_000_000
NOWHERE = TableRegister()
RULEBOOK = Rulebook(tuple(catalogue().values()))


Made = Callable[[int, int], Reading]
"""A reading of a device, by the device's number and its own."""


def telemetry(meter: int, number: int) -> Reading:
    """A water telemetry reading of a meter that is well."""
    at = START + number * 60 * MINUTE + meter
    values: dict[str, Value] = {
        "cumulative_m3": 100 + number * 0.01,
        "reverse_m3": 0.002,
        "flow_m3h": 0.0,
        "water_temperature_c": 15.5,
        "pressure_mpa": 0.31,
        "battery_v": 3.6,
        "rsrp_dbm": -95,
        "snr_db": 9.0,
        "valve": "open",
        "flags": "",
    }
    return Reading(f"wm-{meter:07d}", "water_meter", at, at + 900, values)


def gas(monitor: int, number: int) -> Reading:
    """A reading of a gas monitor that is well: a little gas, and air as it is."""
    at = START + number * MINUTE + monitor
    values: dict[str, Value] = {
        "sensor_status": "ok",
        "ch4_lel_pct": 1.0 + number % 5 / 10,
        "h2s_mgm3": number % 3 / 10,
        "co_mgm3": 0.0,
        "o2_vol_pct": 20.9 - number % 2 / 10,
        "temperature_c": 15.0 + number / 10,
        "humidity_pct": 70.0,
        "calibration_age_days": 90,
        "battery_v": 12.4,
        "rsrp_dbm": -95,
        "fan_running": False,
        "fan_current_a": 0.0,
    }
    return Reading(f"gm-{monitor:07d}", "gas_monitor", at, at + 900, values)


def door(controller: int, number: int) -> Reading:
    """An opening of a door by one of two persons who live behind it."""
    at = START + number * 60 * MINUTE + controller
    values: dict[str, Value] = {
        "event": "opened",
        "opened_by": "face",
        "direction": "in" if number % 2 else "out",
        "person": f"p-{controller}-{number % 2}",
        "door_open": True,
    }
    return Reading(f"dc-{controller:07d}", "door", at, at + 900, values)


def in_care() -> TableRegister:
    """Dwellings of persons in care, each with a meter and a door."""
    homes = {f"home-{number}": PremisesFacts(care="elderly_alone") for number in range(METERS)}
    facts = [(number, DeviceFacts(premises=home)) for number, home in enumerate(homes)]
    meters = {f"water_meter/wm-{number:07d}": fact for number, fact in facts}
    doors = {f"door/dc-{number:07d}": fact for number, fact in facts}
    return TableRegister({**meters, **doors}, homes)


def engine() -> Engine:
    """An engine with the whole library."""
    return Engine(RULEBOOK, NOWHERE, NoStore())


def microseconds_per_reading(made: Made, register: TableRegister = NOWHERE) -> tuple[float, int]:
    """Return the cost of observing and taking in batches, and the bytes of one saved state.

    The least of all rounds but the first.
    """
    judging, costs = Engine(RULEBOOK, register, NoStore()), []
    saved = b""
    for number in range(ROUNDS):
        readings, taken = [made(device, number) for device in range(METERS)], 0.0
        for first in range(0, METERS, BATCH):
            started = stopwatch()
            for reading in readings[first : first + BATCH]:
                judging.observe(reading)
            outcome = judging.take()
            taken += stopwatch() - started
            saved = next(iter(outcome.states.values())).state
        costs.append(taken / METERS * 1e6)
    return min(costs[1:]), len(saved)


def microseconds_per_uncached_reading() -> float:
    """Return the cost when each subject is loaded, judged, and forgotten."""
    store = SavedStates()
    judging, taken = Engine(RULEBOOK, TableRegister(), store, cached=1), 0.0
    for number in range(4):
        for first in range(0, METERS, BATCH):
            readings = [telemetry(meter, number) for meter in range(first, first + BATCH)]
            started = stopwatch()
            for reading in readings:
                judging.observe(reading)
            outcome = judging.take()
            taken += stopwatch() - started if number else 0.0
            store.states.update(outcome.states)
    return taken / (METERS * 3) * 1e6


def microseconds_per_reading_of_a_day() -> float:
    """Return the cost of a reading in uploads of 48 half hours."""
    judging, taken = engine(), 0.0
    for meter in range(200):
        for day in range(4):
            received_at = START + (day + 1) * 1_440 * MINUTE
            readings = [
                Reading(
                    f"wm-{meter}",
                    "water_meter",
                    START + (day * 48 + slot) * 30 * MINUTE,
                    received_at,
                    {"increment_m3": 0.01, "slot_minutes": 30},
                )
                for slot in range(48)
            ]
            started = stopwatch()
            for reading in readings:
                judging.observe(reading)
            judging.take()
            taken += stopwatch() - started
    return taken / (200 * 4 * 48) * 1e6


def cached_bytes_per_subject() -> float:
    """Return the memory of a subject that is cached and has a timer."""
    judging = engine()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for meter in range(METERS):
        judging.observe(telemetry(meter, 0))
        if meter % BATCH == 0:
            judging.take()
    judging.take()
    judging.take()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / METERS


class Deadlines(NoStore):
    """A store of many subjects, each with a deadline and nothing else."""

    def deadlines(self) -> Iterator[tuple[Instant, Subject]]:
        """Yield a deadline each."""
        return ((START + number, device_subject("k", f"{number:07d}")) for number in range(TIMERS))


def many_timers() -> dict[str, float]:
    """Return what a million timers cost: at the start, in memory, at a tick with nothing due."""
    started = stopwatch()
    judging = Engine(Rulebook(), TableRegister(), Deadlines())
    restart_s = stopwatch() - started
    started = stopwatch()
    for _ in range(10_000):
        judging.tick(START - 1)
    idle_tick_ms = (stopwatch() - started) / 10_000 * 1e3
    tracemalloc.start()
    timers = Timers((START + n, device_subject("k", f"{n:07d}")) for n in range(100_000))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "subjects": TIMERS,
        "bytes_per_timer": round(used / len(timers)),
        "restart_s": round(restart_s, 2),
        "idle_tick_ms": round(idle_tick_ms, 5),
    }


def main() -> None:
    """Measure and print."""
    per_reading, state = microseconds_per_reading(telemetry)
    per_gas_reading, gas_state = microseconds_per_reading(gas)
    figures = {
        "us_per_reading": round(per_reading, 2),
        "us_per_gas_reading": round(per_gas_reading, 2),
        "us_per_door_reading": round(microseconds_per_reading(door)[0], 2),
        "us_per_reading_in_care": round(microseconds_per_reading(telemetry, in_care())[0], 2),
        "us_per_opening_in_care": round(microseconds_per_reading(door, in_care())[0], 2),
        "us_per_uncached_reading": round(microseconds_per_uncached_reading(), 2),
        "us_per_reading_of_a_day": round(microseconds_per_reading_of_a_day(), 2),
        "state_bytes": state,
        "gas_state_bytes": gas_state,
        "cached_bytes_per_subject": round(cached_bytes_per_subject()),
        **many_timers(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
