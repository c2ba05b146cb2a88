"""Silence: what devices and their areas keep of it, beside the states of the rules."""

from typing import NamedTuple

from devices.instant import Instant
from rules.condition import Roll, Silence
from rules.memory import Memory
from rules.subject import Subject

_TOLD, _ROLL = "@told", "@roll"
"""Where it stands among the states, so that what is well takes no room; no rule is called so."""


class News(NamedTuple):
    """What an area hears: a device is silent, or None for heard again; `at` is our time."""

    area: str
    device: Subject
    silence: Silence | None
    at: Instant
    told_at: Instant


class Turn(NamedTuple):
    """An area became blind, or is no longer."""

    area: Subject
    at: Instant
    told_at: Instant


class Told(NamedTuple):
    """What a silent device has told, and to which area: that one is to hear of its end."""

    area: str
    silence: Silence


def told_of(memory: Memory) -> Told | None:
    """Return what a device has told."""
    kept = memory.states.get(_TOLD)
    if kept is None:
        return None
    saved: tuple[str, tuple[int, int]] = kept[0]  # type: ignore[assignment]  # a JSON value
    return Told(saved[0], Silence(*saved[1]))


def keep_told(memory: Memory, told: Told | None) -> None:
    """Keep what a device has told, or that it has told nothing."""
    if told is None:
        memory.states.pop(_TOLD, None)
    else:
        memory.states[_TOLD] = (told, None)


def roll_of(memory: Memory) -> dict[str, Silence]:
    """Return the silent devices of an area, to be changed at will."""
    kept = memory.states.get(_ROLL)
    listed: dict[str, list[int]] = {} if kept is None else kept[0]  # type: ignore[assignment]
    return {device: Silence(*silence) for device, silence in listed.items()}


def keep_roll(memory: Memory, roll: Roll) -> None:
    """Keep the silent devices of an area."""
    if roll:
        memory.states[_ROLL] = (roll, None)
    else:
        memory.states.pop(_ROLL, None)
