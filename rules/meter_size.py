"""Sizes of water meters: the flow they are made for, what no flow can be, which are of no home."""

import re
from bisect import bisect_right
from functools import lru_cache

_Q3_M3H = {
    15: 2.5,
    20: 4.0,
    25: 6.3,
    32: 10.0,
    40: 16.0,
    50: 25.0,
    65: 40.0,
    80: 63.0,
    100: 100.0,
    125: 160.0,
    150: 250.0,
    200: 400.0,
    250: 630.0,
    300: 1_000.0,
}
"""Q3 by nominal diameter in mm. GB/T 778.1 has the flows and those of DN15 and DN20; which of the
others is usual for which diameter is practice of makers (general knowledge)."""
_SIZES = (*_Q3_M3H,)
_SIZE = re.compile(r"DN([0-9]{1,4})", re.IGNORECASE)
_MOST_OF_Q3 = 2.0
"""GB/T 778.1: a meter loses at most 0.063 MPa at Q3. Twice Q3, 1.6 Q4, takes four times as much,
and mains have no more for it (general knowledge). Above Q4 no meter is made to run, but one does in
front of a burst."""
LARGEST_FLOW_LH = 5_000.0
"""Twice Q3 of DN15, for which a meter is taken that nobody knows the size of."""
_LEAST_BULK = 50
"""No home has a meter of DN50, whose Q3 is ten times that of DN15 (general knowledge)."""


def permanent_flow_lh(size: str | None) -> float:
    """Return Q3 in L/h, of DN15 for a size that is not known.

    Of a diameter between two of the table that of the smaller one.
    """
    return 1_000 * _Q3_M3H[_diameter(size) or _SIZES[0]]


def largest_flow_lh(size: str | None, *, is_bulk: bool = False) -> float:
    """Return the flow in L/h above which a counter has stepped; without a size that of DN15.

    A bulk meter without a size may be the largest there is.
    """
    if is_bulk and _diameter(size) is None:
        size = f"DN{_SIZES[-1]}"
    return _MOST_OF_Q3 * permanent_flow_lh(size)


def is_large(size: str | None) -> bool:
    """Return whether a meter is too large to be that of a home."""
    return (_diameter(size) or 0) >= _LEAST_BULK


@lru_cache(maxsize=1_024)
def _diameter(size: str | None) -> int | None:
    """Return the diameter in the table that is the next below, None for a size that isn't known."""
    found = _SIZE.fullmatch(size or "")
    place = bisect_right(_SIZES, int(found[1])) if found else 0
    return _SIZES[place - 1] if place else None
