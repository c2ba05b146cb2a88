"""A recording: readings of real water meters in a CSV file, checked and held in 16 bytes each.

The file is grouped by home, devices speak in order of time, so all of it has to be seen before the
first reading leaves. Context: sorting by time would put in order what the meters sent out of order.
Decision: each home keeps the order of the file, and the homes are merged by the latest time that
the home has shown so far; a late reading leaves right behind the one that overtook it.
Given up: replaying a file that is larger than memory (354,643 readings take 6 MB).
"""

import gzip
import heapq
import re
import zlib
from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TextIO

from devices.instant import Instant, instant_of
from devices.topic import DEVICE_PATTERN
from ingest.simulate.local_time import RepeatedHour, is_repeated, zoned
from ingest.simulate.refusal import InputError, unreadable

HEADER = "home;local_time;reading_litres;difference_litres"
DEVICE_PREFIX = "daiad-"

# Round counters appear as 2e+05: the file was written by a program that shortens numbers so.
_ROW = re.compile(
    r"(?P<home>[^;]+);(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d);"
    r"(?P<litres>\d{1,12})(?:e\+(?P<zeros>0\d))?;-?\d{1,12}",
    re.ASCII,
)
_DEVICE = re.compile(DEVICE_PATTERN)


class Recorded(NamedTuple):
    """A reading as it leaves its meter."""

    leaves_at: Instant
    """The latest time that the meter has shown so far."""
    home: str
    measured_at: Instant
    litres: int


class _Row(NamedTuple):
    home: str
    local: datetime
    litres: int


class Meter:
    """What one home's meter said, in the order in which it said it."""

    def __init__(self) -> None:
        self.times = array("q")
        self.litres = array("q")
        self._last_local: datetime | None = None
        self._second_pass = False

    def add(self, row: _Row, hour: RepeatedHour) -> None:
        """Take the next reading."""
        if not is_repeated(row.local):
            self._second_pass = False
        elif hour is RepeatedHour.ORDER and self._last_local and row.local <= self._last_local:
            self._second_pass = True
        self._last_local = row.local
        self.times.append(instant_of(zoned(row.local, second_pass=self._second_pass)))
        self.litres.append(row.litres)

    def doubtful_times(self) -> frozenset[Instant]:
        """Return the times that more than one reading claims."""
        ordered = sorted(self.times)
        return frozenset(earlier for earlier, later in pairwise(ordered) if earlier == later)

    def recorded(self, home: str) -> Iterator[Recorded]:
        """Yield the readings in the order of the file."""
        leaves_at = self.times[0]
        for measured_at, litres in zip(self.times, self.litres, strict=True):
            leaves_at = max(leaves_at, measured_at)
            yield Recorded(leaves_at, home, measured_at, litres)


class Recording:
    """The meters of a file, by home."""

    def __init__(self, meters: dict[str, Meter]) -> None:
        self.meters = meters

    @property
    def homes(self) -> list[str]:
        """The homes in the order of the file."""
        return list(self.meters)

    @property
    def first_at(self) -> Instant:
        """The time of the earliest reading."""
        return min(min(meter.times) for meter in self.meters.values())

    @property
    def last_at(self) -> Instant:
        """The time of the latest reading."""
        return max(max(meter.times) for meter in self.meters.values())

    def __len__(self) -> int:
        """Return how many readings there are."""
        return sum(len(meter.times) for meter in self.meters.values())

    def instants(self) -> Iterator[Instant]:
        """Yield when each reading was measured, in any order."""
        for meter in self.meters.values():
            yield from meter.times

    def __iter__(self) -> Iterator[Recorded]:
        """Yield all readings in the order in which they leave."""
        return heapq.merge(
            *(meter.recorded(home) for home, meter in self.meters.items()),
            key=lambda reading: reading.leaves_at,
        )


def read_recording(path: Path, hour: RepeatedHour = RepeatedHour.SUMMER) -> Recording:
    """Return the recording in a `.csv` or `.csv.gz` file.

    Raises InputError with the number of the first line that is not as expected, before anything
    is replayed.
    """
    try:
        with _open(path) as lines:
            return _parse(path, lines, hour)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _parse(path: Path, lines: Iterable[str], hour: RepeatedHour) -> Recording:
    meters: dict[str, Meter] = {}
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\r\n")
        try:
            if number == 1:
                _check_header(text)
                continue
            row = _row(text)
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}") from None
        meters.setdefault(row.home, Meter()).add(row, hour)
    if not meters:
        raise InputError(f"{path}: expected the header {HEADER} and at least one reading")
    return Recording(meters)


def _check_header(text: str) -> None:
    if text != HEADER:
        raise ValueError(f"expected the header {HEADER}")


def _row(text: str) -> _Row:
    match = _ROW.fullmatch(text)
    if not match:
        raise ValueError(_expected(text))
    home, *clock, litres, zeros = match.groups()
    if not _DEVICE.fullmatch(DEVICE_PREFIX + home):
        raise ValueError("home: expected letters, digits, _ . - and 58 characters at most")
    day, month, year, hour, minute, second = map(int, clock)
    try:
        local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 it has no zone yet
    except ValueError as error:
        raise ValueError(f"local_time: expected a time that exists: {error}") from None
    return _Row(home, local, int(litres) * 10 ** int(zeros or 0))


def _expected(text: str) -> str:
    columns = text.split(";")
    if len(columns) != 4:
        return f"expected 4 columns, {HEADER}, not {len(columns)}"
    home, local_time, litres, _ = columns
    if not home:
        return "home: expected a name"
    if not re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", local_time, re.ASCII):
        return "local_time: expected dd/mm/yyyy HH:MM:SS"
    if not re.fullmatch(r"\d{1,12}(e\+0\d)?", litres, re.ASCII):
        return "reading_litres: expected a whole number, not negative"
    return "difference_litres: expected a whole number"
