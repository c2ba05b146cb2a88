"""One run from the command line: signals, progress, summary."""

import asyncio
import json
import signal
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from devices.instant import Instant
from ingest.clock import Clock
from ingest.simulate.broker import Broker
from ingest.simulate.layout import Layout
from ingest.simulate.progress import shown
from ingest.simulate.publisher import Publisher
from ingest.simulate.source import Source
from ingest.simulate.tally import Tally


class Course(NamedTuple):
    """What a run publishes, by which clock, and when it ends by itself."""

    source: Source
    clock: Clock
    end: Instant | None = None
    shown_end: Instant | None = None
    """Where the progress bar ends if that is not `end`."""


def publish(course: Course, broker: Broker, layout: Layout) -> Tally:
    """Publish to the end of the course or to SIGINT or SIGTERM; BrokerUnreachable if it can't."""
    return asyncio.run(_publish(course, broker, layout))


def summary(tally: Tally, **more: float) -> str:
    """Return the tally as one line of JSON.

    `published` is what the broker acknowledged, `rss_mb` the most memory the process has held.
    """
    figures = asdict(tally) | {"behind_s": round(tally.behind_s, 3)} | _memory()
    return json.dumps({"published": figures.pop("messages"), **figures, **more})


def _memory() -> dict[str, float]:
    """Ask Linux; other systems have no such file."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return {"rss_mb": round(int(peak) / 1024, 1)} if peak else {}


async def _publish(course: Course, broker: Broker, layout: Layout) -> Tally:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    publisher = Publisher(course.source, course.clock, broker, layout)
    async with shown(publisher, course.end or course.shown_end):
        return await publisher.run(stop, course.end)
