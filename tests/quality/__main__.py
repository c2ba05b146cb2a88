"""`python -m tests.quality FILE`: a table, then the figures of all homes as a last line in JSON.

The exit code is 1 where a required figure is missed.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from ingest.clock import stopwatch
from ingest.simulate.recording import read_recording
from tests.quality.injection import HOUR, Counted, leaks
from tests.quality.score import Score, Trial, score_of

FILE = Path("tests/samples/daiad/readings.csv")
_WALL_CLOCK = -7 * HOUR
"""Winter time of Madrid read as Beijing time, so that the night of the rules is the night there."""
_HALF = 0.5
MOST = {"untouched_alarms_per_device_month": 0.06, "gap_alarms": 0}
LEAST = {"recall_5lh_48h": 0.95, "toilet_recall_3d": 0.8}
_LEAKS = tuple(leak.name for leak in leaks())


def scores_of(path: Path, seed: int = 0) -> list[Score]:
    """Return the score of each home, saying on the way how far it is."""
    recording = read_recording(path)
    scores = []
    for number, (home, meter) in enumerate(recording.meters.items(), 1):
        readings: list[Counted] = [
            (at + _WALL_CLOCK, litres) for at, litres in zip(meter.times, meter.litres, strict=True)
        ]
        scores.append(score_of(home, readings, seed))
        sys.stderr.write(f"\r{number} of {len(recording.meters)} homes")
    sys.stderr.write("\n")
    return scores


def figures_of(scores: Sequence[Score]) -> dict[str, float | int | None]:
    """Return the figures that are required."""
    months = sum(score.months for score in scores)
    warnings = sum(len(score.warnings) for score in scores)
    large = _trials(scores, *(f"constant {size} L/h" for size in (5, 10, 20)))
    larger = _trials(scores, *(f"constant {size} L/h" for size in (10, 20)))
    return {
        "untouched_alarms_per_device_month": round(warnings / months, 4) if months else None,
        "recall_5lh_48h": _share(large, lambda trial: _within(trial.delay, 48)),
        "recall_10lh_48h": _share(larger, lambda trial: _within(trial.delay, 48)),
        "burst_within_2_readings": _share(
            _trials(scores, "burst 200-600 L/h"),
            lambda trial: trial.delay is not None and trial.readings <= 2,
        ),
        "toilet_recall_3d": _share(
            _trials(scores, "toilet 6 L / 20-60 min"), lambda trial: _within(trial.delay, 72)
        ),
        "gap_alarms": sum(len(score.gap_alarms) for score in scores),
    }


def table_of(scores: Sequence[Score]) -> str:
    """Return what each kind of leak came to, next to the trivial rule at 0 and at 5 L/h."""
    head = ("leak", "trials", "48 h", "3 d", "14 d", "delay h", "lost L", "noticed h")
    lines = [(*head, "m=0: 48 h", "delay h", "m=5: 48 h", "delay h")]
    for name in _LEAKS:
        trials = _trials(scores, name)
        delays = [trial.delay for trial in trials]
        row = [name, str(len(trials))]
        row += [_percent(delays, hours) for hours in (48, 72, 336)]
        row += [
            _hours(delays),
            f"{median(trial.litres for trial in trials):.0f}" if trials else "-",
        ]
        row.append(_hours([trial.noticed for trial in trials]))
        for limit in (0.0, 5.0):
            simple = [trial.trivial[limit] for trial in trials]
            row += [_percent(simple, 48), _hours(simple)]
        lines.append(tuple(row))  # type: ignore[arg-type]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def summary_of(name: str, scores: Sequence[Score]) -> str:
    """Return the alarms on untouched readings, by rule, next to the trivial rule."""
    months = sum(score.months for score in scores) or float("nan")
    by_rule = Counter(alarm.rule for score in scores for alarm in score.warnings)
    notices = Counter(alarm.rule for score in scores for alarm in score.notices)
    told = ", ".join(f"{rule} {count / months:.3f}" for rule, count in sorted(by_rule.items()))
    noted = ", ".join(f"{rule} {count / months:.3f}" for rule, count in sorted(notices.items()))
    simple = ", ".join(
        f"m={limit:g} {sum(score.trivial.get(limit, 0) for score in scores) / months:.3f}"
        for limit in (0.0, 5.0)
    )
    return (
        f"{name}: {len(scores)} homes, {months:.0f} device-months\n"
        f"  warnings per device-month: {told or 'none'}; trivial rule: {simple}\n"
        f"  notices per device-month: {noted or 'none'}\n"
        f"  {json.dumps(figures_of(scores))}"
    )


def heard_of(scores: Sequence[Score]) -> str:
    """Return the recall apart for meters that were mostly silent after the onset."""
    large = _trials(scores, *(f"constant {size} L/h" for size in (5, 10, 20)))
    told = []
    for name, parts in (
        ("half or more", [trial for trial in large if trial.known >= _HALF]),
        ("less than half", [trial for trial in large if trial.known < _HALF]),
    ):
        share = _share(parts, lambda trial: _within(trial.delay, 48))
        told.append(f"{share} of {len(parts)} leaks where {name} of the 48 h was reported")
    return f"constant leaks of 5 L/h and more within 48 h: {'; '.join(told)}"


def missed(figures: Mapping[str, float | None]) -> list[str]:
    """Return the bounds that figures miss; a figure that is not known misses none."""
    known = {name: figure for name, figure in figures.items() if figure is not None}
    return [
        *(f"{name} <= {most}" for name, most in MOST.items() if known.get(name, 0) > most),
        *(f"{name} >= {least}" for name, least in LEAST.items() if known.get(name, 1) < least),
    ]


def main() -> int:
    """Score and print."""
    started, asked = stopwatch(), argparse.ArgumentParser(prog="python -m tests.quality")
    asked.add_argument("file", nargs="?", type=Path, default=FILE)
    asked.add_argument("--seed", type=int, default=0, help="other instants of leaks and faults")
    given = asked.parse_args()
    scores = scores_of(given.file, given.seed)
    even = [score for score in scores if _number(score.home) % 2 == 0]
    odd = [score for score in scores if _number(score.home) % 2]
    told = [
        summary_of("even homes", even),
        summary_of("odd homes", odd),
        table_of(scores),
    ]
    told.append(heard_of(scores))
    disturbed = sum(score.disturbed for score in scores)
    caused = Counter(alarm for score in scores for alarm in score.gap_alarms)
    told.append(f"{disturbed} gaps and wrong counters put in caused: {dict(caused) or 'nothing'}")
    told.append(f"{stopwatch() - started:.0f} s")
    figures = figures_of(scores)
    sys.stdout.write("\n\n".join(told) + "\n" + json.dumps(figures) + "\n")
    bounds = missed(figures)
    for bound in bounds:
        sys.stderr.write(f"missed: {bound}\n")
    return 1 if bounds else 0


def _number(home: str) -> int:
    return int("".join(filter(str.isdigit, home)) or 0)


def _trials(scores: Sequence[Score], *names: str) -> list[Trial]:
    return [trial for score in scores for trial in score.trials if trial.leak in names]


def _share(trials: Sequence[Trial], good: Callable[[Trial], bool]) -> float | None:
    return round(sum(map(good, trials)) / len(trials), 4) if trials else None


def _within(delay: int | None, hours: int) -> bool:
    return delay is not None and delay <= hours * HOUR


def _percent(delays: Sequence[int | None], hours: int) -> str:
    if not delays:
        return "-"
    return f"{sum(_within(delay, hours) for delay in delays) / len(delays):.0%}"


def _hours(delays: Sequence[int | None]) -> str:
    found = [delay / HOUR for delay in delays if delay is not None]
    return f"{median(found):.0f}" if found else "-"


if __name__ == "__main__":
    sys.exit(main())
