"""Repeats: when a second reading of the same instant says nothing that the first did not."""

from functools import cache

from devices.catalogue import catalogue
from devices.reading import Values


def is_repeat(kind: str, first: Values, second: Values) -> bool:
    """Return whether the second set of values of one device and instant adds nothing to the first.

    Fields that describe the transmission may differ: a meter that sends an upload again has a new
    signal strength and a higher counter. Fields may be missing: the later of two overlapping
    uploads tells of a past slot only its increment. A field the first does not have is new.
    """
    return first == second or all(
        first.get(name) == value
        for name, value in second.items()
        if name not in _transmission_fields(kind)
    )


@cache
def _transmission_fields(kind: str) -> frozenset[str]:
    return frozenset(field.name for field in catalogue()[kind].fields if field.transmission)
