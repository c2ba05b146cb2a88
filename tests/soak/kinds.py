"""The kinds of fault: what each does, how long it lasts, and what must follow."""

from collections.abc import Sequence
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of fault. Faults of one lane come one after the other, lanes beside one another.

    `takes_s` is about what it takes beside what it `lasts_s`, from the shortest to the longest.
    """

    name: str
    lane: str
    takes_s: float
    lasts_s: tuple[float, float]
    meaning: str
    ends_process: bool = False


KINDS: Sequence[Kind] = (
    Kind(
        *("kill", "service", 2.0, (0.0, 1.0)),
        "SIGKILL of the service, started again",
        ends_process=True,
    ),
    Kind(
        *("corruption", "service", 7.0, (0.0, 0.0)),
        "the journal's file is damaged: the start is refused, a backup made online is restored",
        ends_process=True,
    ),
    Kind("broker restart", "service", 1.0, (0.2, 2.0), "SIGTERM of the broker; it is persistent"),
    Kind("disk full", "service", 1.0, (0.2, 2.0), "no file of the service can grow"),
    Kind("clock ahead", "service", 0.0, (1.5, 3.0), "the service's clock jumps 1 h ahead and back"),
    Kind(
        "clock behind", "service", 0.0, (1.5, 3.0), "the service's clock jumps 1 h back and ahead"
    ),
    Kind("burst", "service", 3.0, (1.0, 2.5), "the broker is away, then all that waited comes"),
    Kind("database down", "database", 1.0, (1.0, 4.0), "SIGTERM of InfluxDB, started again"),
    Kind("database slow", "database", 0.0, (1.0, 4.0), "each request takes half a second more"),
    Kind("database hangs", "database", 0.0, (2.5, 4.0), "requests are taken and never answered"),
    Kind("database 500", "database", 0.0, (1.0, 3.0), "each request is answered with 500"),
    Kind("database 429", "database", 0.0, (1.0, 3.0), "each request is answered with 429"),
    Kind(
        "database cut", "database", 0.0, (1.0, 3.0), "written, and cut in the middle of the answer"
    ),
    Kind("alertmanager down", "alertmanager", 6.0, (1.0, 5.0), "SIGTERM of Alertmanager"),
    Kind("flood", "load", 5.0, (0.0, 0.0), "repeats and new readings, in any order, unchecked"),
    Kind("decoder raises", "load", 0.5, (0.0, 0.0), "a plug-in's decoder raises"),
)
"""Malformed payloads are no fault of a moment: they are among all traffic."""
LANES = ("service", "database", "alertmanager", "load")
