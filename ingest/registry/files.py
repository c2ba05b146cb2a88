"""The registry as a folder of CSV files, one a table."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from devices.privacy import is_personal_key
from ingest.private_file import write_private
from ingest.registry.cells import CellError, Value, level_of
from ingest.registry.content import Content, Rows
from ingest.registry.refusal import Complaints, RegistryError
from ingest.registry.tables import AREAS, TABLES, Key, Table

_BYTE_ORDER_MARK = "\ufeff"


def read_folder(folder: Path) -> Content:
    """Return the tables whose files lie in a folder; RegistryError, OSError, UnicodeDecodeError.

    A CSV file that is no table is refused: nobody should believe that it was imported.
    """
    complaints = Complaints()
    names = {table.file for table in TABLES}
    found = {path.name: path for path in folder.iterdir() if path.suffix.lower() == ".csv"}
    for name in sorted(found.keys() - names):
        complaints.add(str(folder / name), f"expected one of {', '.join(sorted(names))}")
    if not found:
        complaints.add(str(folder), f"expected at least one of {', '.join(sorted(names))}")
    content = Content()
    for table in TABLES:
        if table.file in found:
            content.tables[table.name] = _read_file(table, found[table.file], complaints)
    complaints.raise_any()
    return content


def read_table(table: Table[Any], file: Path) -> Rows:
    """Return the rows of one file, whatever it is called; RegistryError, OSError."""
    complaints = Complaints()
    rows = _read_file(table, file, complaints)
    complaints.raise_any()
    return rows


def write_folder(folder: Path, content: Content) -> None:
    """Write the tables to a folder that is new or empty, whole or not at all; only we may read it.

    Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(
        dir=folder.parent, prefix=f".{folder.name}.", ignore_cleanup_errors=True
    ) as beside:
        for rows in content.tables.values():
            text = csv_text(rows.table, rows.by_key.values())
            write_private(Path(beside, rows.table.file), text)
        Path(beside).replace(folder)


def csv_text(table: Table[Any], rows: Iterable[tuple[Value, ...]]) -> str:
    """Return a table as the text of its file, ordered by key."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    shows = [cell.show for cell in table.cells.values()]
    for row in sorted(rows, key=lambda row: [str(part) for part in row[: table.key]]):
        writer.writerow([show(value) for show, value in zip(shows, row, strict=True)])
    return text.getvalue()


def _read_file(table: Table[Any], path: Path, complaints: Complaints) -> Rows:
    with path.open(encoding="utf-8", newline="") as lines:
        try:
            return _read(table, path, lines, complaints)
        except UnicodeDecodeError:
            raise RegistryError(f"{path}: can't read: expected text in UTF-8") from None


def _read(table: Table[Any], path: Path, lines: Iterable[str], complaints: Complaints) -> Rows:
    by_key: dict[Key, Any] = {}
    at: dict[Key, int] = {}
    reader = csv.reader(lines)
    try:
        header = [name.removeprefix(_BYTE_ORDER_MARK) for name in next(reader, [])]
        if not _check_header(table, path, header, complaints):
            return Rows(table)
        for texts in filter(None, reader):
            where = f"{path}: line {reader.line_num}"
            row = _row(table, header, texts, where, complaints)
            if row is None:
                continue
            key = row[: table.key]
            if at.setdefault(key, reader.line_num) != reader.line_num:
                name = table.columns[0]
                complaints.add(where, f"{name}: already on line {at[key]}")
            by_key[key] = row
    except csv.Error as error:
        complaints.add(f"{path}: line {reader.line_num}", f"expected CSV: {error}")
    return Rows(table, by_key, at, path)


def _check_header(
    table: Table[Any], path: Path, header: Sequence[str], complaints: Complaints
) -> bool:
    faults = list(_header_faults(table, header))
    for fault in faults:
        complaints.add(f"{path}: line 1", fault)
    return not faults


def _header_faults(table: Table[Any], header: Sequence[str]) -> Iterator[str]:
    known = ",".join(table.columns)
    for position, name in enumerate(header, start=1):
        if name not in table.cells:
            why = "no personal data, only" if is_personal_key(name) else "one of"
            yield f"column {position}: expected {why} {known}"
        elif name in header[: position - 1]:
            yield f"column {position}: {name} stands there twice"
    if missing := [name for name in table.columns if name in table.required.difference(header)]:
        yield f"expected also the columns {','.join(missing)}"


def _row(
    table: Table[Any],
    header: Sequence[str],
    texts: Sequence[str],
    where: str,
    complaints: Complaints,
) -> tuple[Value, ...] | None:
    if len(texts) != len(header):
        complaints.add(where, f"expected {len(header)} columns, found {len(texts)}")
        return None
    values: dict[str, Value] = dict.fromkeys(table.cells)
    good = True
    for name, text in zip(header, texts, strict=True):
        if not text:
            if name in table.required:
                complaints.add(where, f"{name}: expected a value")
                good = False
            continue
        try:
            values[name] = table.cells[name].read(text)
        except CellError as error:
            complaints.add(where, f"{name}: {error}")
            good = False
    if not good:
        return None
    if table is AREAS and values["level"] is None:
        values["level"] = level_of(str(values["code"]))
    return cast("tuple[Value, ...]", table.row(*values.values()))
