"""A line of line protocol, read back."""

import re

from devices.reading import Value

_FIELD = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|[^,\s"]+)(?:,|\Z)', re.DOTALL)
_UNESCAPED = {"n": "\n", "r": "\r"}


def parsed(line: str) -> tuple[str, dict[str, Value], int]:
    """Return measurement and tags, fields, and time; AssertionError if part of it is no field."""
    source, rest = line.split(" ", 1)
    fields, time = rest.rsplit(" ", 1)
    found = list(_FIELD.finditer(fields))
    assert "".join(match[0] for match in found) == fields
    return source, {match[1]: _value(match[2]) for match in found}, int(time)


def _value(text: str) -> Value:
    if text.startswith('"'):
        return re.sub(r"\\(.)", lambda m: _UNESCAPED.get(m[1], m[1]), text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)
