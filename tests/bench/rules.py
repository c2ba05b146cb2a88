"""What the rules cost: `python -m tests.bench.rules` prints it, the last line as JSON."""

import json
import sys
import tracemalloc
from collections.abc import Iterator

from devices.instant import Instant
from devices.reading import Reading, Value
from ingest.clock import stopwatch
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.engine import Engine, NoStore
from rules.register import TableRegister
from rules.subject import Subject, device_subject
from rules.timers import Timers

START: Instant = 1_772_380_800_000
MINUTE = 60_000
METERS = 5_000
ROUNDS = 12
BATCH = 500
TIMERS = 1_000_000
RULEBOOK = Rulebook(tuple(catalogue().values()))


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


def engine() -> Engine:
    """An engine with the whole library."""
    return Engine(RULEBOOK, TableRegister(), NoStore())


def microseconds_per_reading() -> tuple[float, int]:
    """Return the cost of observing and taking in batches, and the bytes of one saved state."""
    judging, taken = engine(), 0.0
    saved = b""
    for number in range(ROUNDS):
        readings = [telemetry(meter, number) for meter in range(METERS)]
        for first in range(0, METERS, BATCH):
            started = stopwatch()
            for reading in readings[first : first + BATCH]:
                judging.observe(reading)
            outcome = judging.take()
            if number:
                taken += stopwatch() - started
            saved = next(iter(outcome.states.values())).state
    return taken / (METERS * (ROUNDS - 1)) * 1e6, len(saved)


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
    per_reading, state = microseconds_per_reading()
    figures = {
        "us_per_reading": round(per_reading, 2),
        "us_per_uncached_reading": round(microseconds_per_uncached_reading(), 2),
        "us_per_reading_of_a_day": round(microseconds_per_reading_of_a_day(), 2),
        "state_bytes": state,
        "cached_bytes_per_subject": round(cached_bytes_per_subject()),
        **many_timers(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
