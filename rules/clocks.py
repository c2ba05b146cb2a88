"""Clocks: when the clock of a device was set back, and how its time goes on.

Context: readings after a clock was set back are older than the newest. Taken for late data they
reach no rule of the present: a tank would go unwatched for as long as the clock was set back.
Decision: late are single readings between newer ones, and what comes in one go from a store. Two
readings that were received one after the other after the newest, with none newer between them, and
lie about as far apart by the device's clock as by ours, are the present. From the second on they
are judged where the subject's time has got to: it goes on from the newest reading, at nine tenths
of our pace, until the device's own clock has caught up. So no hold and no latch is lost, no alert
goes back in time, and an hour is made up for in ten.
Given up: the first reading after the step; the order of those of a device that sends its store at
the pace of its clock and nothing else meanwhile.
"""

from typing import Any, NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.memory import Memory

_LATE = "@late"
"""Where it stands among the states, so that a device without late readings takes no room."""
_SHORTEST_MS = 1_000
"""Received closer than that, two readings are one delivery (general knowledge)."""
_PACE = 2.0
"""How many times as far apart by one clock as by the other: the network delays one of them."""
_SLEW = (9, 10)


class _Late(NamedTuple):
    """The instants of a late reading, the device's and ours."""

    measured_at: Instant
    received_at: Instant


def continued(memory: Memory, reading: Reading) -> Reading | None:
    """Return a late reading of a device at the time of its present; None for one of the past.

    Takes note of it in the device's memory.
    """
    clock = memory.clocks.get(memory.subject.id)
    late = _Late(reading.measured_at, reading.received_at)
    if clock is None or late.received_at <= clock[1]:
        return None
    before: Any = memory.states.get(_LATE, ())
    present = [_Late(*each) for each in before if each[1] >= clock[1]]
    follows = any(_follows(each, late) for each in present)
    of_present = late if follows else next(iter(present), late)
    memory.states[_LATE] = (of_present, late)
    if not follows:
        return None
    newest_at, heard_at = clock
    times, of = _SLEW
    at = newest_at + (late.received_at - heard_at) * times // of
    return reading._replace(measured_at=max(at, late.measured_at))


def _follows(before: _Late, after: _Late) -> bool:
    ours = after.received_at - before.received_at
    its = after.measured_at - before.measured_at
    return ours >= _SHORTEST_MS and ours <= its * _PACE and its <= ours * _PACE
