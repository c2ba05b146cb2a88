"""Forms of output: a table for people, CSV and JSON lines for programs."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta, timezone
from enum import StrEnum
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from devices.instant import Instant, datetime_of
from ingest.printable import printable

Row: TypeAlias = Mapping[str, object]
_CHINA = timezone(timedelta(hours=8))
_NARROWEST = 20
"""Columns below which a text is left to the terminal to break."""


class Form(StrEnum):
    """How rows are printed: `table` is for people and may change, `csv` and `json` are not."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def print_rows(form: Form, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Print rows in the form and return how many there were.

    CSV always has all columns; a table has those that hold something, and falls apart into one
    block a row where the terminal is too narrow for it. JSON is one object a line, exactly what
    it is; in the other forms a character that does not print is written as its escape.
    """
    if form is Form.TABLE:
        shown = [{name: _shown(row[name]) for name in row} for row in rows]
        _print_table(columns, shown)
        return len(shown)
    return _print_csv(columns, rows) if form is Form.CSV else _print_json(rows)


def local_time(instant: Instant) -> str:
    """Return an instant in China's time, as the explanations beside it are, and say so."""
    return datetime_of(instant).astimezone(_CHINA).isoformat(" ", timespec="milliseconds")


def print_block(row: Row) -> None:
    """Print one row as lines of name and value, those that hold something."""
    _print_blocks([{name: _shown(value) for name, value in row.items()}])


def json_line(row: Row) -> str:
    """Return a row as one JSON object, Chinese as it is and what does not print as its escape."""
    text = json.dumps(row, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _print_csv(columns: Sequence[str], rows: Iterable[Row]) -> int:
    writer = csv.DictWriter(sys.stdout, columns, restval="", lineterminator="\n")
    writer.writeheader()
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 counted in passing
        writer.writerow({name: _shown(value) for name, value in row.items()})
    return number


def _print_json(rows: Iterable[Row]) -> int:
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 counted in passing
        sys.stdout.write(json_line(row) + "\n")
    return number


def _print_table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    console = Console()
    held = [name for name in columns if any(row.get(name) for row in rows)]
    widths = [max(len(name), *(cell_len(row.get(name, "")) for row in rows)) for name in held]
    if not rows:
        return
    if sum(widths) + 2 * len(widths) > console.width:
        _print_blocks(rows)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in held:
        numbers = all(_is_number(row[name]) for row in rows if row.get(name))
        table.add_column(name, justify="right" if numbers else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row.get(name, "")) for name in held))
    console.print(table)


def _print_blocks(rows: Sequence[Mapping[str, str]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    width = max((cell_len(name) for row in rows for name in row if row[name]), default=0)
    for number, row in enumerate(rows):
        if number:
            console.print()
        for name, shown in row.items():
            if shown:
                padding = " " * (width - cell_len(name) + 2)
                first, *more = _wrapped(console, shown, console.width - width - 2)
                console.print(Text.assemble((name, "dim"), padding, first))
                for line in more:
                    console.print(Text.assemble(" " * (width + 2), line))


def _wrapped(console: Console, text: str, width: int) -> Sequence[Text]:
    """Return the lines of a text in a terminal; elsewhere, and where it is too narrow, one."""
    if not console.is_terminal or width < _NARROWEST:
        return [Text(text)]
    return list(Text(text).wrap(console, width)) or [Text()]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else printable(str(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
