"""A reading: what one device measured at one instant."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from devices.instant import Instant

Value: TypeAlias = float | int | str | bool
Values: TypeAlias = Mapping[str, Value]
NUMBER = (int, float)
"""For `isinstance`: to write `int | float` there costs three times as much at each call."""


class Reading(NamedTuple):
    """What one device measured at one instant; its identity is device, kind and `measured_at`.

    Numbers carry their unit in their name (`flow_m3h`); names and types are those of the kind's
    fields. A named tuple, because a frozen dataclass takes three times as long to make.
    """

    device: str
    kind: str
    measured_at: Instant
    received_at: Instant
    values: Values
