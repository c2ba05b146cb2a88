"""`make bench`: the null consumer and `gridwatch run` in turn, on one broker, in one run.

The service judges by the whole library, and once in each round by no rule, for comparison. Only
ratios can be compared between machines. The last line is JSON; the exit code is 1 where a required
figure is missed.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from ingest.demo.gridwatch import Tables
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.bench.consumers import Figures, Load, gridwatch_consumer, null_consumer
from tests.bench.fan import MOST_P99_MS, fan_command
from tests.bench.latency import latency
from tests.bench.site import Site

ROUNDS = 3
LEAST_RATIO = 0.6
MOST_CPU_US = 30.0
LEAST_RATIO_WITHOUT_RULES = 0.8
MOST_CPU_US_WITHOUT_RULES = 20.0
_LOAD = Load(300_000)
_UPLOADS = Load(20_000, form="daily")
_SLOTS = 48
_DISCARD: Tables = {"sink": {"discard": True}}
_RULES: Tables = {"rules": {"judge": True}}
_NO_RULES: Tables = {"rules": {"judge": False}}
_SAY = partial(Console(stderr=True, highlight=False).print, soft_wrap=True)


class Round(NamedTuple):
    """What the null consumer took a second, and the service with all rules and with none."""

    null: float
    judged: Figures
    unjudged: Figures


def main() -> int:
    """Measure, say what was seen, and return the exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as folder,
        Mosquitto(Path(folder) / "mosquitto") as broker,
    ):
        figures = _measure(Site(broker, Path(folder)))
    sys.stdout.write(json.dumps(figures) + "\n")
    missed = _missed(figures)
    for bound in missed:
        _SAY(f"missed: {bound}")
    return 1 if missed else 0


def _missed(figures: Mapping[str, float]) -> list[str]:
    """Return the bounds that are not kept."""
    least = (("ratio", LEAST_RATIO), ("ratio_without_rules", LEAST_RATIO_WITHOUT_RULES))
    most = (
        ("cpu_us_per_reading", MOST_CPU_US),
        ("cpu_us_without_rules", MOST_CPU_US_WITHOUT_RULES),
    )
    below = (("fan_command_p99_ms", MOST_P99_MS),)
    return [
        *(f"{name} >= {bound}" for name, bound in least if figures[name] < bound),
        *(f"{name} <= {bound}" for name, bound in most if figures[name] > bound),
        *(f"{name} < {bound}" for name, bound in below if figures[name] >= bound),
    ]


def _measure(site: Site) -> dict[str, float]:
    rounds = [_round(site, number) for number in range(1, ROUNDS + 1)]
    null = statistics.median(each.null for each in rounds)
    into_influx = _into_influx(site)
    daily = gridwatch_consumer(site, _UPLOADS, {**_DISCARD, **_RULES}, _UPLOADS.messages * _SLOTS)
    _SAY(f"daily uploads of {_SLOTS}: {daily.items_per_s:,.0f} readings/s")
    delay = latency(site, {**_DISCARD, **_RULES})
    _SAY(f"publish to durable commit at 5,000/s: p50 {delay.p50_ms} ms, p99 {delay.p99_ms} ms")
    fan = fan_command(site)
    _SAY(f"publish to fan command at 5,000/s: p50 {fan.p50_ms} ms, p99 {fan.p99_ms} ms")
    judged = [each.judged for each in rounds]
    unjudged = [each.unjudged for each in rounds]
    return {
        "null_msgs_per_s": round(null),
        "msgs_per_s": round(statistics.median(each.items_per_s for each in judged)),
        "ratio": _ratio(rounds, judged),
        "ratio_influx": round(into_influx.items_per_s / null, 3),
        "cpu_us_per_reading": _cpu_us(judged),
        "ratio_without_rules": _ratio(rounds, unjudged),
        "cpu_us_without_rules": _cpu_us(unjudged),
        "p50_ms": delay.p50_ms,
        "p99_ms": delay.p99_ms,
        "fan_command_p99_ms": fan.p99_ms,
        "rss_mb": round(max(each.rss_mb for each in judged)),
        "daily_readings_per_s": round(daily.items_per_s),
        "daily_cpu_us_per_reading": round(daily.cpu_us_per_item, 1),
    }


def _ratio(rounds: Sequence[Round], figures: Sequence[Figures]) -> float:
    pairs = zip(rounds, figures, strict=True)
    return round(statistics.median(each.items_per_s / one.null for one, each in pairs), 3)


def _cpu_us(figures: Sequence[Figures]) -> float:
    return round(statistics.median(each.cpu_us_per_item for each in figures), 1)


def _round(site: Site, number: int) -> Round:
    null = null_consumer(site, _LOAD)
    judged = gridwatch_consumer(site, _LOAD, {**_DISCARD, **_RULES}, _LOAD.messages)
    unjudged = gridwatch_consumer(site, _LOAD, {**_DISCARD, **_NO_RULES}, _LOAD.messages)
    _SAY(f"round {number}: mosquitto_sub {null:,.0f}/s")
    for words, figures in (("all rules", judged), ("no rules", unjudged)):
        _SAY(
            f"  gridwatch with {words}: {figures.items_per_s:,.0f}/s, "
            f"ratio {figures.items_per_s / null:.2f}, {figures.cpu_us_per_item:.1f} us a reading"
        )
    return Round(null, judged, unjudged)


def _into_influx(site: Site) -> Figures:
    with InfluxDB(site.folder / "influxdb") as influxdb:
        influxdb.create_database("gridwatch")
        sink: Tables = {"sink.influx": {"api": "v1", "url": influxdb.url, "bucket": "gridwatch"}}
        figures = gridwatch_consumer(site, _LOAD, {**sink, **_RULES}, _LOAD.messages)
    _SAY(f"with InfluxDB drained at the same time: {figures.items_per_s:,.0f}/s")
    return figures


if __name__ == "__main__":
    sys.exit(main())
