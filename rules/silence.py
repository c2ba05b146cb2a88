"""Silence: what devices and their areas keep of it, beside the states of the rules."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from devices.instant import Instant
from rules.bound import Bound
from rules.condition import Roll, Silence, State
from rules.lifecycle import RAISED, Life, Phase
from rules.memory import Memory
from rules.rule import BLIND_AREA
from rules.subject import Subject

_HOUR_MS = 3_600_000
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
    saved: Any = memory.states.get(_TOLD)
    if saved is None:
        return None
    return Told(saved[0], Silence(*saved[1]))


def keep_told(memory: Memory, told: Told | None) -> None:
    """Keep what a device has told, or that it has told nothing."""
    if told is None:
        memory.states.pop(_TOLD, None)
    else:
        memory.states[_TOLD] = told


def noted(memory: Memory, life: Life, area: str | None) -> tuple[str, Silence | None] | None:
    """Keep what a device has to tell of its silence, and return it, and to which area.

    A silence, or None that it is over; the first one to `area`, None for not to be told. None if
    there is nothing new.
    """
    told, after = told_of(memory), None
    if life.phase is not Phase.INACTIVE:
        since = life.start - memory.ahead_ms if told is None else told.silence.since
        area = area if told is None else told.area
        if area is None:
            return None
        after = Told(area, Silence(since, life.severity))
    if after == told:
        return None
    keep_told(memory, after)
    if after is not None:
        return after
    return None if told is None else (told.area, None)


def silences(memory: Memory) -> Iterator[tuple[Bound, State, Life]]:
    """Yield the alerts of a device's silence that were told, suppressed or not."""
    for bound in memory.profile.bound.values():
        state, life = memory.kept(bound)
        if BLIND_AREA in bound.policy.quieted_by and life is not None and life.phase in RAISED:
            yield bound, state, life


class RollCall:
    """The silent devices of one area, kept in its memory and counted beside it.

    The one state that is changed in place: a copy for each of thousands of devices would take
    seconds. A memory whose transaction failed is dropped, and this with it.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        listed: Any = memory.states.get(_ROLL, {})
        self._devices = {device: Silence(*silence) for device, silence in listed.items()}
        self._tally = Counter(_key(*each) for each in self._devices.items())
        self._keep()

    @property
    def roll(self) -> Roll:
        """The roll as it is now."""
        return Roll(self._devices, self._tally)

    def enter(self, device: str, silence: Silence) -> None:
        """Put a device on the roll, or change what it says of it."""
        self.strike(device)
        self._devices[device] = silence
        self._tally[_key(device, silence)] += 1
        self._keep()

    def strike(self, device: str) -> None:
        """Take a device off the roll if it is on it."""
        silence = self._devices.pop(device, None)
        if silence is not None:
            key = _key(device, silence)
            self._tally[key] -= 1
            if not self._tally[key]:
                del self._tally[key]
            self._keep()

    def _keep(self) -> None:
        if self._devices:
            self.memory.states[_ROLL] = self._devices
        else:
            self.memory.states.pop(_ROLL, None)


def _key(device: str, silence: Silence) -> tuple[str, int, int]:
    return device.partition("/")[0], silence.since // _HOUR_MS, silence.severity
