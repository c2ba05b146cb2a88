"""Severity: how urgent an alert is."""

from enum import IntEnum


class Severity(IntEnum):
    """How urgent an alert is; a greater number is more urgent. A released number never changes."""

    NOTICE = 1
    WARNING = 2
    CRITICAL = 3
