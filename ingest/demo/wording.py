"""Readings in words, for a person who looks at them for a moment."""

from collections.abc import Iterator

from devices.catalogue import catalogue
from devices.field import Field
from devices.reading import Reading, Value

_UNITS_AS_WRITTEN = {"1": "", "m3": "m³", "m3/h": "m³/h", "mg/m3": "mg/m³", "degC": "°C"}
_UNIT_IN_NAME = frozenset(
    {"a", "c", "days", "l", "lel", "m3", "m3h", "mgm3", "minutes", "mpa", "pct", "s", "v", "vol"}
)


def spoken(reading: Reading) -> str:
    """Return the values of a reading with their units, in the order of the kind's fields.

    What describes the sending, and the unit something was sent in, is left out.
    """
    return "  ".join(_phrases(reading))


def _phrases(reading: Reading) -> Iterator[str]:
    for field in catalogue()[reading.kind].fields:
        value = reading.values.get(field.name)
        if value is None or value == "" or field.transmission or field.name.endswith("_unit"):
            continue
        yield _phrase(field, value)


def _phrase(field: Field, value: Value) -> str:
    words = " ".join(word for word in field.name.split("_") if word not in _UNIT_IN_NAME)
    if isinstance(value, bool):
        return f"{words} {'yes' if value else 'no'}"
    if isinstance(value, str):
        return f"{words} {value.replace('_', ' ')}"
    unit = _UNITS_AS_WRITTEN.get(field.unit or "1", field.unit)
    number = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    return f"{words} {number} {unit}".rstrip()
