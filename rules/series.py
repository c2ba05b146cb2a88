"""Series: the values of a field over time, in the short form of case files."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from devices.field import Field
from devices.reading import Value

_TOKEN = re.compile(r"(?P<value>.+?)(?:x(?P<number>[1-9]\d*))?")
MOST = 1_000_000
"""Values of a series; a year has 525,600 minutes."""
_DIGITS = len(str(MOST)) + 1
"""No more are read of a number of values: with so many it is too great, whatever follows."""
_RAMP = re.compile(r"(?P<first>-?[\d.]+)(?P<step>[+-][\d.]+)")


class SeriesError(ValueError):
    """A series that can't be read; the text says what was expected."""


def series_of(field: Field, text: str) -> list[Value | None]:
    """Return the values, None where nothing arrived; SeriesError.

    Tokens are parted by blanks: `9x12` twelve times 9, `1+0.5x10` ten values from 1 upwards, `_`
    for nothing, `""` for the empty text.
    """
    values = (value for token in text.split() for value in _values(field, token))
    found = list(islice(values, MOST + 1))
    if len(found) > MOST:
        raise SeriesError(f"{field.name}: expected at most {MOST:,} values")
    return found


def _values(field: Field, token: str) -> Iterator[Value | None]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise SeriesError(f"{field.name}: expected value, valuexN or a+bxN, found {token!r}")
    text, number = match["value"], int((match["number"] or "1")[:_DIGITS])
    ramp = _RAMP.fullmatch(text) if field.type in {"float", "integer"} else None
    for position in range(number):
        if text == "_":
            yield None
        elif ramp:
            yield _value(field, f"{float(ramp['first']) + position * float(ramp['step']):.9g}")
        else:
            yield _value(field, text)


def _value(field: Field, text: str) -> Value:
    try:
        value = _READ[field.type](text)
    except (ValueError, KeyError):
        raise SeriesError(f"{field.name}: expected {field.type}, found {text!r}") from None
    if not field.takes(value):
        raise SeriesError(f"{field.name}: {text!r} is no value of this field")
    return value


_READ: Mapping[str, Callable[[str], Value]] = {
    "float": float,
    "integer": int,
    "text": lambda text: "" if text == '""' else text,
    "boolean": {"true": True, "false": False}.__getitem__,
}
