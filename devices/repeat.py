"""Repeats: when a second upload of the same instant says the same thing."""

from devices.catalogue import catalogue
from devices.reading import Values


def is_repeat(kind: str, first: Values, second: Values) -> bool:
    """Return whether two sets of values of one device and instant are the same measurement.

    A meter that sends an upload again has a new signal strength and a higher transmission counter:
    fields that describe the transmission may differ.
    """
    if first == second:
        return True
    passing = {field.name for field in catalogue()[kind].fields if field.transmission}
    return _without(first, passing) == _without(second, passing)


def _without(values: Values, names: set[str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}
