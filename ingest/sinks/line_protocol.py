"""Line protocol: a committed reading as the line of text that the InfluxDB family takes.

Names and types are a contract; `docs/influxdb.md` states it.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from devices.reading import Value
from ingest.sink import Delivery

AREA_LEVELS = (("district", 6), ("street", 9), ("community", 12))
"""Tag and length of each level of an area code; a code longer than the last is a `grid` as well."""


def line_of(delivery: Delivery) -> str:
    """Return the line of a delivery, its time in milliseconds; ValueError if it has no values.

    Fields stand in the order of the reading's values, whose names need no escaping.
    """
    reading = delivery.reading
    if not reading.values:
        raise ValueError("a line needs a field")
    # Most values are floats: sparing them the call takes a fifth off the line.
    fields = ",".join(
        [
            f"{name}={value!r}"
            if type(value) is float
            else f"{name}={_WRITTEN[type(value)](value)}"
            for name, value in reading.values.items()
        ]
    )
    source = f"{reading.kind},device={tag_of(reading.device)}{_area_tags(delivery.area)}"
    return f"{source} {fields} {reading.measured_at}"


@lru_cache(maxsize=65_536)
def _area_tags(area: str | None) -> str:
    if not area:
        return ""
    levels = [(tag, area[:length]) for tag, length in AREA_LEVELS if len(area) >= length]
    if len(area) > AREA_LEVELS[-1][1]:
        levels.append(("grid", area))
    return "".join(f",{tag}={tag_of(code)}" for tag, code in levels)


_SPECIAL_IN_TAG = re.compile(r"[,= \n\r]").search
_SPECIAL_IN_TEXT = re.compile(r'[\\"\n\r]').search
_TAG_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": r"\n", "\r": r"\r"})
_TEXT_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r"})


def tag_of(value: str) -> str:
    """Return a text as it stands in a tag."""
    return value.translate(_TAG_ESCAPES) if _SPECIAL_IN_TAG(value) else value


def text_of(value: str) -> str:
    """Return a text as it stands in a field."""
    return f'"{value.translate(_TEXT_ESCAPES) if _SPECIAL_IN_TEXT(value) else value}"'


def _boolean(value: bool) -> str:  # noqa: FBT001 it is the value
    return "true" if value else "false"


_WRITTEN: dict[type[Value], Callable[..., str]] = {
    int: "{}i".format,
    str: text_of,
    bool: _boolean,
}
