"""The register of a meter: what it shows of the water that runs through, and what it makes of it.

The flow points are those of a DN15 meter with Q3 2.5 (GB/T 778.1).
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

Q3_M3H = 2.5
Q4_M3H = 1.25 * Q3_M3H
_BURST_SHARE_OF_Q3 = 0.8
"""From this flow in two slots on, a meter says burst."""


def shown(before_l: int, slots: Sequence[int], resolution_l: int) -> list[int]:
    """Return the litres by which the counter steps in each slot; `before_l` is its exact value."""
    if resolution_l == 1:
        return list(slots)
    steps = [counter_l // resolution_l for counter_l in accumulate(slots, initial=before_l)]
    return [(after - before) * resolution_l for before, after in pairwise(steps)]


def flow_flags(slots: Sequence[int], slot_minutes: int) -> set[str]:
    """Return what a meter says of a day's steps up to now: leak, burst, over_range.

    Water in every slot of a whole day is a leak; so utilities judge that read such meters.
    """
    flags = set()
    if len(slots) * slot_minutes == 24 * 60 and all(slots):
        flags.add("leak")
    if slots_until_burst(slots, slot_minutes) is not None:
        flags.add("burst")
    if max(slots, default=0) > _litres(Q4_M3H, slot_minutes):
        flags.add("over_range")
    return flags


def slots_until_burst(slots: Sequence[int], slot_minutes: int) -> int | None:
    """Return after how many slots a meter knows of a burst, None if there is none."""
    most = _litres(_BURST_SHARE_OF_Q3 * Q3_M3H, slot_minutes)
    both = (min(pair) >= most for pair in pairwise(slots))
    return next((place + 2 for place, burst in enumerate(both) if burst), None)


def _litres(flow_m3h: float, slot_minutes: int) -> float:
    return 1_000 * flow_m3h * slot_minutes / 60
