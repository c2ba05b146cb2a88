"""A field: one named value of a reading, with unit, range and source."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import annotated_types

FieldType: TypeAlias = Literal["float", "integer", "text", "boolean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One named value of a reading. A released name never changes, nor does its type.

    `low` and `high` are the physical range, both ends included, in `unit`; a value outside it is
    refused. `choices` are the only texts allowed. `source` says where range or choices come from.
    """

    name: str
    type: FieldType
    meaning: str
    source: str
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def bounds(self) -> annotated_types.Interval:
        """The range as the constraint that pydantic enforces on a payload model's field."""
        return annotated_types.Interval(ge=self.low, le=self.high)
