"""Waiting for a condition, within a bound."""

from collections.abc import Callable
from datetime import timedelta

from ingest.clock import pause, stopwatch

LIMIT_S = 20.0
_POLL = timedelta(milliseconds=5)


async def until(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Return when the condition holds; AssertionError if it does not in time."""
    started = stopwatch()
    while not condition():
        assert stopwatch() - started < limit_s, f"not within {limit_s} s"
        await pause(_POLL)
