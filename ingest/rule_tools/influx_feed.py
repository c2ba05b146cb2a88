"""Readings that InfluxDB 1.x holds, page by page.

No more is in memory than a page of each kind, or all that was measured at one instant.
"""

from collections.abc import Iterator, Mapping
from heapq import merge
from operator import attrgetter

from devices.catalogue import catalogue
from devices.field import Field, FieldType
from devices.reading import Reading, Value
from ingest.rule_tools.span import Span
from ingest.sinks.influx_query import InfluxDatabase
from rules.register import TableRegister

PAGE = 5_000
"""Points a request: about 2 MB of JSON."""
_TYPES: Mapping[FieldType, type[Value]] = {
    "float": float, "integer": int, "text": str, "boolean": bool,
}  # fmt: skip
"""JSON knows no difference between 3 and 3.0."""


class InfluxFeed:
    """What InfluxDB holds, in the order of measurement: when a reading arrived is not kept there.

    `total` counts the most frequent field of each kind, so it may be a little low.
    """

    def __init__(
        self, database: InfluxDatabase, register: TableRegister, span: Span, *, page: int = PAGE
    ) -> None:
        self.register = register
        self.left_out = 0
        self._database = database
        self._span = span
        self._page = page
        self.total = sum(map(self._count, catalogue()))

    def __iter__(self) -> Iterator[Reading]:
        """Yield the readings in the order of measurement."""
        self.left_out = 0
        return merge(*map(self._of_kind, catalogue()), key=attrgetter("measured_at"))

    def _count(self, kind: str) -> int:
        query = f'SELECT count(*) FROM "{kind}"{_where(self._span)}'  # noqa: S608 our own names
        rows = [row for series in self._database.series(query) for row in series["values"]]
        return max((int(count) for row in rows for count in row[1:]), default=0)

    def _of_kind(self, kind: str) -> Iterator[Reading]:
        """Yield the readings of a kind.

        The order within an instant may differ from request to request. So the last instant of a
        full page is left to the next one, and a page that holds one instant alone is asked for
        again in double size.
        """
        fields = {field.name: field for field in catalogue()[kind].fields}
        span, size = self._span, self._page
        while True:
            points = self._points(kind, span, size)
            last = points[-1][0] if len(points) == size else None
            for at, point in points:
                if at != last:
                    yield from self._readings(kind, fields, at, point)
            if last is None:
                return
            size = 2 * size if points[0][0] == last else self._page
            span = span._replace(since=last)

    def _points(self, kind: str, span: Span, size: int) -> list[tuple[int, dict[str, Value]]]:
        query = f'SELECT * FROM "{kind}"{_where(span)} ORDER BY time LIMIT {size}'  # noqa: S608 our own names
        return [
            (int(row[0]), dict(zip(series["columns"], row, strict=True)))
            for series in self._database.series(query)
            for row in series["values"]
        ]

    def _readings(
        self, kind: str, fields: Mapping[str, Field], at: int, point: Mapping[str, Value]
    ) -> Iterator[Reading]:
        device = point.get("device")
        values = {
            name: _TYPES[fields[name].type](value)
            for name, value in point.items()
            if name in fields and value is not None
        }
        if not device or not values:
            self.left_out += 1
            return
        yield Reading(str(device), kind, at, at, values)


def _where(span: Span) -> str:
    conditions = []
    if span.since is not None:
        conditions.append(f"time >= {span.since}ms")
    if span.until is not None:
        conditions.append(f"time < {span.until}ms")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
