"""Cells: what the columns of the registry's files take, from text and back."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from devices.catalogue import catalogue
from devices.instant import Instant, datetime_of, instant_of
from devices.privacy import (
    DWELLING_PATTERN,
    PERSON_PATTERN,
    is_disguised,
    is_identity_number,
    is_personal_value,
)
from devices.topic import DEVICE_PATTERN
from rules.care import CLASSES, OTHER

Value: TypeAlias = str | int | float | None

LEVELS = ("city", "district", "street", "community", "grid")
"""From the top down."""
LEVEL_BY_DIGITS = {6: "district", 9: "street", 12: "community", 14: "grid", 15: "grid"}
"""GB/T 2260: 6 digits a division; +3 a street, +3 a community (the 12-digit statistics code), +2 or
+3 a grid."""
CARE_CLASSES = tuple(care for care in CLASSES if care != OTHER)
"""In the order of `rules.care`."""

_AREA = re.compile(rf"(?=[0-9]+$)(?:{'|'.join(f'.{{{n}}}' for n in LEVEL_BY_DIGITS)})")
_DEVICE = re.compile(DEVICE_PATTERN)
_DWELLING = re.compile(DWELLING_PATTERN)
_PERSON = re.compile(PERSON_PATTERN)
_CONTACT = re.compile(r"c-[0-9a-f]{16}")
_MODEL = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._/+-]{0,63}")
_SIZE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,15}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ADDRESS = re.compile(r"\d\s*(?:室|单元|單元|号楼|號樓|栋|棟|幢)|门牌|門牌")
_LONGEST_NAME = 64
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE = timezone(timedelta(hours=8))
"""A day is one of China, which has one zone."""
_YEARS = range(1900, 2200)


class CellError(ValueError):
    """The text of a cell is refused; says what was expected, and never what was found."""


class Cell(NamedTuple):
    """What a column takes."""

    read: Callable[[str], Value]
    show: Callable[[Value], str] = lambda value: "" if value is None else str(value)


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise CellError(f"expected {expected}")
        return text

    return read


def _one_of(words: tuple[str, ...]) -> Cell:
    def read(text: str) -> str:
        if text not in words:
            raise CellError(f"expected one of {', '.join(words)}")
        return text

    return Cell(read)


def _impersonal(pattern: re.Pattern[str], expected: str) -> Cell:
    matching = _matching(pattern, expected)

    @lru_cache(maxsize=4_096)
    def read(text: str) -> str:
        if is_personal_value(matching(text)):
            raise CellError("expected no number of a person")
        return text

    return Cell(read)


def _pseudonym(pattern: re.Pattern[str], letter: str) -> Callable[[str], str]:
    matching = _matching(pattern, f"{letter}- and 16 hexadecimal digits: a pseudonym, no name")

    def read(text: str) -> str:
        if is_disguised(f"p{matching(text)[1:]}"):
            raise CellError("expected no number of a person")
        return text

    return read


def _device(text: str) -> str:
    if _DEVICE.fullmatch(text) is None:
        raise CellError(f"expected {DEVICE_PATTERN}")
    if is_identity_number(text):
        raise CellError("expected no number of a person")
    return text


@lru_cache(maxsize=65_536)
def _place_name(text: str) -> str:
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise CellError(f"expected at most {_LONGEST_NAME} printable characters")
    if is_personal_value(text) or _ADDRESS.search(text):
        raise CellError("expected the name of an area, no address, no number of a person")
    return text


def _areas(text: str) -> str:
    codes = sorted(set(text.split()))
    if not all(map(_AREA.fullmatch, codes)):
        raise CellError("expected area codes, separated by blanks")
    return " ".join(codes)


def _place(text: str) -> str:
    if _AREA.fullmatch(text):
        return text
    if not text.startswith("d-"):
        raise CellError("expected an area code, or a dwelling such as d-0123456789abcdef")
    return _dwelling(text)


def _instant(text: str, *, last_day: bool) -> Instant:
    try:
        if _DAY.fullmatch(text):
            moment = datetime.fromisoformat(text).replace(tzinfo=_ZONE)
            moment += timedelta(days=last_day)
        else:
            moment = datetime.fromisoformat(text)
        if moment.year in _YEARS:
            return instant_of(moment)
    except (ValueError, TypeError, OverflowError):
        pass
    raise CellError("expected a day such as 2026-03-31, or an instant with its offset")


def _show_start(value: Value) -> str:
    return _shown(value, timedelta(0))


def _show_end(value: Value) -> str:
    return _shown(value, timedelta(days=1))


@lru_cache(maxsize=65_536)
def _shown(value: Value, back: timedelta) -> str:
    if not isinstance(value, int):
        return ""
    moment = datetime_of(value).astimezone(_ZONE)
    if moment.time() == time.min:
        return (moment - back).date().isoformat()
    return moment.isoformat(timespec="milliseconds" if value % 1000 else "seconds")


def is_area(text: str) -> bool:
    """Return whether it is the code of an area."""
    return _AREA.fullmatch(text) is not None


def level_of(code: str) -> str:
    """Return the level that the digits of a code stand for; 500000 and 330200 are cities."""
    return "city" if len(code) == 6 and code.endswith("00") else LEVEL_BY_DIGITS[len(code)]


def digits_of(level: str) -> int:
    """Return how many digits the longest code of a level has."""
    return max(digits for digits, name in LEVEL_BY_DIGITS.items() if name == level)


def whole(low: int, high: int) -> Cell:
    """Return what takes whole numbers from `low` to `high`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high):
            raise CellError(f"expected a whole number from {low} to {high}")
        return int(text)

    return Cell(read)


def number(low: float | None = None, high: float | None = None) -> Cell:
    """Return what takes decimal numbers, within bounds if there are any."""

    def read(text: str) -> float:
        if _NUMBER.fullmatch(text) is None:
            raise CellError("expected a number such as 12.5")
        value = float(text)
        if low is not None and high is not None and not low <= value <= high:
            raise CellError(f"expected a number from {low:g} to {high:g}")
        return value

    return Cell(read, lambda value: "" if value is None else f"{value:.15g}")


_dwelling = _pseudonym(_DWELLING, "d")
AREA = Cell(_matching(_AREA, "a code of 6, 9, 12, 14 or 15 digits"))
AREA_LIST = Cell(_areas)
AREA_NAME = Cell(_place_name)
CARE = _one_of(CARE_CLASSES)
CONTACT = Cell(_pseudonym(_CONTACT, "c"))
DEVICE = Cell(_device)
DWELLING = Cell(_dwelling)
END = Cell(lru_cache(maxsize=65_536)(lambda text: _instant(text, last_day=True)), _show_end)
KIND = _one_of(tuple(catalogue()))
LEVEL = _one_of(LEVELS)
MODEL = _impersonal(_MODEL, "letters, digits, blanks and ._/+-, at most 64")
PERSON = Cell(_pseudonym(_PERSON, "p"))
PLACE = Cell(_place)
REASON = _one_of(("away", "maintenance"))
SIZE = _impersonal(_SIZE, "a size such as DN15")
START = Cell(lru_cache(maxsize=65_536)(lambda text: _instant(text, last_day=False)), _show_start)
WORD = Cell(_matching(_WORD, "small letters, digits and _"))
