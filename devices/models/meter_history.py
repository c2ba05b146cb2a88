"""What befalls a meter: what the injections mean for its number, its counters and its flags."""

from collections.abc import Iterator
from typing import TypeAlias

from devices.instant import Instant
from devices.models.calendar import DAY, HOUR
from devices.models.incident import Incident, Replacement, ReverseFlow, SupplyCut, Tamper
from devices.models.injection import Injection

Befalling: TypeAlias = tuple[Injection, ...]

FLAGS: dict[type[Incident], tuple[str, ...]] = {
    Tamper: ("cover_open", "magnetic_tamper"),
    SupplyCut: ("empty_pipe",),
    ReverseFlow: ("reverse",),
}
"""What a meter says of an incident as soon as it begins."""


def replacements(befalling: Befalling) -> Iterator[Instant]:
    """Yield when the meter is replaced by another."""
    for injection in befalling:
        if isinstance(injection.incident, Replacement):
            yield injection.window.start_at


def told(befalling: Befalling) -> Iterator[Instant]:
    """Yield when something begins that the meter says at once."""
    for injection in befalling:
        if type(injection.incident) in FLAGS:
            yield injection.window.start_at


def flags_of_the_day(befalling: Befalling, at: Instant) -> set[str]:
    """Return the flags of what has befallen the meter in the 24 hours before the instant."""
    return {
        flag
        for _, _, incident, (start_at, end_at), _ in befalling
        if start_at < at and (end_at is None or end_at > at - DAY)
        for flag in FLAGS.get(type(incident), ())
    }


def is_under(befalling: Befalling, at: Instant, *kinds: type[Incident]) -> bool:
    """Return whether an incident of one of the kinds lasts at the instant."""
    return any(type(one.incident) in kinds and one.window.covers(at) for one in befalling)


def reverse_litres(befalling: Befalling, since: Instant, at: Instant) -> int:
    """Return what has run back between the instants."""
    return sum(
        int(incident.litres_per_hour * (window.elapsed(at) - window.elapsed(since)) / HOUR)
        for _, _, incident, window, _ in befalling
        if isinstance(incident, ReverseFlow)
    )
