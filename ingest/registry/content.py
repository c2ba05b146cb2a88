"""Content: the rows of some tables, and the lines they were read from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ingest.registry.tables import Key, R, Table


@dataclass(slots=True)
class Rows:
    """The rows of one table by key. Rows of the journal have no lines, also among a file's."""

    table: Table[Any]
    by_key: dict[Key, Any] = field(default_factory=dict)
    lines: Mapping[Key, int] = field(default_factory=dict)
    file: Path | None = None

    def where(self, key: Key) -> str:
        """Return where a row stands, as people look it up."""
        if self.file is None or key not in self.lines:
            shown = " ".join(str(part) for part in key if part is not None)
            return f"already imported, {self.table.name} {shown}"
        return f"{self.file}: line {self.lines[key]}"


@dataclass(slots=True)
class Content:
    """Tables that were read; those that were not are absent."""

    tables: dict[str, Rows] = field(default_factory=dict)

    def rows(self, table: Table[R]) -> Mapping[Key, R]:
        """Return the rows of a table by key, none if it is absent."""
        found = self.tables.get(table.name)
        return {} if found is None else cast("Mapping[Key, R]", found.by_key)

    def located(self, table: Table[R]) -> Iterator[tuple[Rows, Key, R]]:
        """Yield each row of a table with its key, and the rows it stands among."""
        found = self.tables.get(table.name)
        if found is not None:
            for key, row in found.by_key.items():
                yield found, key, row

    def put(self, table: Table[R], *rows: R) -> None:
        """Add rows."""
        own = self.tables.setdefault(table.name, Rows(table))
        own.by_key.update((row[: table.key], row) for row in rows)

    def over(self, other: "Content") -> "Content":
        """Return these tables, and of the other those that are absent here."""
        return Content({**other.tables, **self.tables})
