"""The short form of the registry: one CSV file that says in which area each device stands."""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.topic import DEVICE_PATTERN
from ingest.journal.database import transaction
from ingest.registry.refusal import Complaints, RegistryError
from ingest.registry.store import count_revision

COLUMNS = ("kind", "device", "area")
_AREA = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{14,15}")
_DEVICE = re.compile(DEVICE_PATTERN)
_BYTE_ORDER_MARK = "\ufeff"


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
    complaints = Complaints()
    seen: dict[tuple[str, ...], int] = {}
    try:
        _check_header(next(rows, []))
        for row in filter(None, rows):
            faults = list(_faults(row))
            first = seen.setdefault(tuple(row[:2]), rows.line_num)
            if first != rows.line_num:
                faults.append(f"device: already on line {first}")
            for fault in faults:
                complaints.add(f"line {rows.line_num}", fault)
            if not faults:
                placed.append(Placed(*row))
    except csv.Error as error:
        raise RegistryError(f"line {rows.line_num}: expected CSV: {error}") from None
    complaints.raise_any()
    return placed


def import_registry(database: sqlite3.Connection, rows: Iterable[Placed]) -> int:
    """Place the devices in one transaction, making those not yet known; return how many."""
    with transaction(database):
        count_revision(database)
        return database.executemany(
            "INSERT INTO device (kind, name, area) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET area = excluded.area",
            rows,
        ).rowcount


def _check_header(row: list[str]) -> None:
    if tuple(name.removeprefix(_BYTE_ORDER_MARK) for name in row) != COLUMNS:
        raise RegistryError(f"line 1: expected the columns {','.join(COLUMNS)}")


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
