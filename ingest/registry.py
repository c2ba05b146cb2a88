"""The registry: where devices stand. Imported from CSV as a whole or not at all."""

import csv
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.topic import DEVICE_PATTERN

COLUMNS = ("kind", "device", "area")
_AREA = re.compile(r"\d{6}|\d{9}|\d{12}|\d{14,15}")
_DEVICE = re.compile(DEVICE_PATTERN)
_MOST_COMPLAINTS = 20


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
    """Return the rows of a CSV file with the columns kind, device, area; RegistryError."""
    rows = csv.reader(lines)
    header = tuple(next(rows, ()))
    if header != COLUMNS:
        raise RegistryError(f"line 1: expected the columns {','.join(COLUMNS)}")
    placed, complaints = [], []
    for row in rows:
        faults = list(_faults(row))
        complaints += [f"line {rows.line_num}: {fault}" for fault in faults]
        if not faults:
            placed.append(Placed(*row))
    if complaints:
        more = len(complaints) - _MOST_COMPLAINTS
        tail = [f"and {more} more"] if more > 0 else []
        raise RegistryError("\n".join(complaints[:_MOST_COMPLAINTS] + tail))
    return placed


def import_registry(database: sqlite3.Connection, rows: Iterable[Placed]) -> int:
    """Place the devices in one transaction, making those not yet seen; return how many."""
    database.execute("BEGIN IMMEDIATE")
    try:
        number = database.executemany(
            "INSERT INTO device (kind, name, area) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET area = excluded.area",
            rows,
        ).rowcount
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    return number


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
