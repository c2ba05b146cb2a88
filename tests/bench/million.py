"""`make bench-million`: the engine of a city of a million subjects, started on a real journal.

Saved states are those of meters, doors and gas monitors that are well, after a day of readings. The
journal is filled, and a process of its own starts on it, so that its memory is that of the engine.
The last line is JSON; the exit code is 1 where a required figure is missed.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from asyncio import run
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from devices.instant import Instant
from ingest.clock import stopwatch
from ingest.journal.journal import Journal
from rules.engine import Engine
from rules.subject import device_subject
from tests.bench.rules import NOWHERE, RULEBOOK, START, Made, door, engine, gas, telemetry

SUBJECTS = 1_000_000
MOST = {"bytes_per_subject": 1_500.0, "restart_s": 20.0, "idle_tick_ms": 1.0}
"""A tick with nothing due is a comparison; a millisecond is far more (a choice)."""
_KINDS = ((telemetry, 18), (door, 1), (gas, 1))
"""Of 20 subjects, so many are meters, doors and gas monitors."""
_DAY = 24
_TICKS = 10_000
_LIMIT_S = 300
_JOURNAL_BYTES = 10_000_000_000
_WRITE = "INSERT INTO subject_state VALUES ('device', ?, ?, ?)"


class Saved(NamedTuple):
    """What is saved of the subject that a device is, and the device's name in it."""

    kind: str
    device: str
    state: bytes
    deadline: Instant | None


def saved_after_a_day(made: Made) -> Saved:
    """Return what the production engine saves of a device."""
    judging = engine()
    for number in range(_DAY):
        judging.observe(made(0, number))
    ((_, saved),) = judging.take().states.items()
    reading = made(0, 0)
    return Saved(reading.kind, reading.device, *saved)


def rows() -> Iterator[tuple[str, bytes, Instant | None]]:
    """Yield the states of a million devices, in the order of their ids."""
    parts = [(saved_after_a_day(made), share) for made, share in _KINDS]
    for saved, share in sorted(parts):
        for number in range(SUBJECTS // sum(share for _, share in parts) * share):
            device = f"{saved.device[:3]}{number:07d}"
            state = saved.state.replace(saved.device.encode(), device.encode())
            deadline = None if saved.deadline is None else saved.deadline + number
            yield f"{saved.kind}/{device}", state, deadline


def fill(path: Path) -> None:
    """Make a journal with the states of a million subjects."""
    run(Journal(path, _JOURNAL_BYTES).close())
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.executemany(_WRITE, rows())
        database.commit()


def measured(path: Path) -> dict[str, float]:
    """Start an engine on the journal, judge a reading, and let time pass with nothing due."""
    journal, before = Journal(path, _JOURNAL_BYTES), resident_bytes()
    reading = telemetry(SUBJECTS // 2, _DAY)
    started = stopwatch()
    judging = Engine(RULEBOOK, NOWHERE, journal.states)
    judging.observe(reading)
    (saved,) = judging.take().states.values()
    restart_s, grown = stopwatch() - started, resident_bytes() - before
    assert journal.states.load(device_subject(reading.kind, reading.device)) != saved.state
    started = stopwatch()
    for _ in range(_TICKS):
        judging.tick(START)
    idle_tick_ms = (stopwatch() - started) / _TICKS * 1e3
    run(journal.close())
    return {
        "subjects": SUBJECTS,
        "bytes_per_subject": round(grown / SUBJECTS),
        "restart_s": round(restart_s, 2),
        "idle_tick_ms": round(idle_tick_ms, 5),
    }


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def main(arguments: Sequence[str]) -> int:
    """Measure on the journal that is named; else make one, let a process measure, and judge it."""
    if arguments:
        sys.stdout.write(json.dumps(measured(Path(arguments[0]))) + "\n")
        return 0
    with tempfile.TemporaryDirectory(prefix="gridwatch-million-") as folder:
        path = Path(folder) / "journal.db"
        fill(path)
        sys.stderr.write(f"a journal of {path.stat().st_size / 1e6:,.0f} MB\n")
        command = [sys.executable, "-m", "tests.bench.million", str(path)]
        line = subprocess.run(
            command, stdout=subprocess.PIPE, timeout=_LIMIT_S, check=True, text=True
        ).stdout
    sys.stdout.write(line)
    figures = json.loads(line)
    missed = [name for name, most in MOST.items() if figures[name] > most]
    for name in missed:
        sys.stderr.write(f"missed: {name} <= {MOST[name]}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
