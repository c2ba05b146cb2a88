"""Older: what a release before saved of a subject in other shapes, brought into those of now.

Read as it is, such a state would make its rule raise at each reading, for ever.
"""

from collections.abc import Sequence
from typing import Any

BEFORE = 2
"""The version of memory that this brings up."""
_UNBROKEN = ("continuous_leak", "intermittent_leak")
_SURGE, _SURGE_FIELDS = "burst", 7
_DAY, _DAY_FIELDS = "water_day", 5
_KNOWN_PARTS = 5
_SECONDS = 60


def bring_up(states: dict[str, Any], derived: dict[str, Any]) -> None:
    """Bring states of that version up; a run of water that is under way begins anew.

    A habit was kept in seconds and is in minutes, without the last days and the long slots.
    """
    burst, day = states.get(_SURGE), derived.get(_DAY)
    if burst and len(burst) == _SURGE_FIELDS:
        states[_SURGE] = [*burst, 0]
    if day and len(day) == _DAY_FIELDS:
        derived[_DAY] = [*day, 0]
    for name in _UNBROKEN:
        if name in states and len(states[name][3]) != _KNOWN_PARTS:
            _, _, found, known, above = states[name]
            habit = [_minutes(each)[:-1] for each in above]
            states[name] = [0, 0, found and _minutes(known), _minutes(known), habit]


def _minutes(seconds: Sequence[int]) -> list[int]:
    day, night, *_ = seconds
    return [day // _SECONDS, night // _SECONDS, 0, 0, 0]
