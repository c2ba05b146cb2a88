"""The registry: where devices stand. Imported from CSV as a whole or not at all."""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.topic import DEVICE_PATTERN
from ingest.journal.database import transaction

COLUMNS = ("kind", "device", "area")
_AREA = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{14,15}")
_DEVICE = re.compile(DEVICE_PATTERN)
_MOST_COMPLAINTS = 20
_BYTE_ORDER_MARK = "\ufeff"


class RegistryError(Exception):
    """The file was not imported; each line of the text names line, column and what was expected."""


class Placed(NamedTuple):
    """A device and the code of the area it stands in.

    6 digits are a district, 9 a street, 12 a community, 14 or 15 a grid.
    """

    kind: str
    device: str
    area: str


def read_registry(lines: Iterable[str]) -> list[Placed]:
    """Return the rows of a CSV file with the columns kind, device, area; RegistryError.

    Blank lines, and the mark that spreadsheets put before the first, are passed over.
    """
    rows = csv.reader(lines)
    placed: list[Placed] = []
    complaints: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    try:
        _check_header(next(rows, []))
        for row in filter(None, rows):
            faults = list(_faults(row))
            first = seen.setdefault(tuple(row[:2]), rows.line_num)
            if first != rows.line_num:
                faults.append(f"device: already on line {first}")
            complaints += [f"line {rows.line_num}: {fault}" for fault in faults]
            if not faults:
                placed.append(Placed(*row))
    except csv.Error as error:
        raise RegistryError(f"line {rows.line_num}: expected CSV: {error}") from None
    if complaints:
        raise RegistryError(_summary(complaints))
    return placed


def import_registry(database: sqlite3.Connection, rows: Iterable[Placed]) -> int:
    """Place the devices in one transaction, making those not yet known; return how many."""
    with transaction(database):
        return database.executemany(
            "INSERT INTO device (kind, name, area) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET area = excluded.area",
            rows,
        ).rowcount


def _check_header(row: list[str]) -> None:
    if tuple(name.removeprefix(_BYTE_ORDER_MARK) for name in row) != COLUMNS:
        raise RegistryError(f"line 1: expected the columns {','.join(COLUMNS)}")


def _summary(complaints: list[str]) -> str:
    more = len(complaints) - _MOST_COMPLAINTS
    tail = [f"and {more} more"] if more > 0 else []
    return "\n".join(complaints[:_MOST_COMPLAINTS] + tail)


def _faults(row: list[str]) -> Iterator[str]:
    if len(row) != len(COLUMNS):
        yield f"expected {len(COLUMNS)} columns, found {len(row)}"
        return
    kind, device, area = row
    if kind not in catalogue():
        yield f"kind: expected one of {', '.join(catalogue())}"
    if not _DEVICE.fullmatch(device):
        yield f"device: expected {DEVICE_PATTERN}"
    if not _AREA.fullmatch(area):
        yield "area: expected a code of 6, 9, 12, 14 or 15 digits"
