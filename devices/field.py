"""A field: one named value of a reading, with unit, range and source."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import annotated_types
from pydantic import StringConstraints

from devices.reading import Value

FieldType: TypeAlias = Literal["float", "integer", "text", "boolean"]

_PYTHON_TYPES = {"float": float, "integer": int, "text": str, "boolean": bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named value of a reading. A released name never changes, nor does its type.

    `low` and `high` are the physical range, both ends included, in `unit`; a value outside it is
    refused. `choices` are the only texts allowed, or `pattern` is the form of an open one. `source`
    says where range, choices or form come from. `transmission` marks what describes the sending and
    not the thing measured: it differs when the same measurement is sent again.
    """

    name: str
    type: FieldType
    meaning: str
    source: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    transmission: bool = False

    @property
    def bounds(self) -> annotated_types.Interval:
        """The range as the constraint that pydantic enforces on a payload model's field."""
        return annotated_types.Interval(ge=self.low, le=self.high)

    @property
    def form(self) -> StringConstraints:
        """The pattern as the constraint that pydantic enforces on a payload model's field."""
        return StringConstraints(pattern=self.pattern)

    def takes(self, value: Value) -> bool:
        """Return whether a reading may carry this value: its very type, and within the range."""
        if type(value) is not _PYTHON_TYPES[self.type]:
            return False
        if isinstance(value, str):
            return self._takes_text(value)
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high)

    def _takes_text(self, text: str) -> bool:
        if self.choices:
            return text in self.choices
        return self.pattern is None or re.fullmatch(self.pattern, text) is not None
