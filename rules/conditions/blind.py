"""Blind: many devices of one area fell silent together."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.condition import Roll, State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.limits import InForce
from rules.severity import Severity


class Kind(NamedTuple):
    """How many of a kind are silent, how many the area has, and how many are too many."""

    name: str
    silent: int
    devices: int
    most: float


@dataclass(frozen=True, slots=True)
class Blind(Timeless):
    """A share of the devices of any one kind, last heard within one window, and still silent.

    `devices` are how many the area has of each kind. It lasts until of every kind fewer than half
    of that share are silent of those that fell silent then or within the window after, and is as
    grave as the gravest of them. State: None; or whether found, since when, and when the last fell
    silent that made it a share.
    """

    devices: tuple[tuple[str, int], ...]
    least: InForce
    share_pct: InForce
    window: timedelta

    def start(self) -> State:
        """Return the state of an area never blind."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 silence alone
        """Return the state as it is."""
        return state, None

    def muster(self, state: State, roll: Roll, at: Instant) -> Verdict:
        """Look at which devices are silent now."""
        newest = max((silence.since for silence in roll.values()), default=at)
        together = self._gravest(roll, newest - self._window_ms, newest)
        found, since, until = state or (False, 0, 0)
        if together.silent >= together.most:
            first = min(
                silence.since
                for silence in roll.values()
                if silence.since >= newest - self._window_ms
            )
            state = (True, since if found else first, newest)
        elif found:
            together = self._gravest(roll, since, until + self._window_ms)
            if together.silent < together.most / 2:
                return (False, since, until), clear(at)
        else:
            return state, None
        return state, self._finding(state, together, roll, at)

    def covers(self, state: State, since: Instant) -> bool:
        """Return whether a device silent since then is one of those."""
        return state is not None and state[1] <= since <= state[2] + self._window_ms

    @property
    def _window_ms(self) -> int:
        return milliseconds_of(self.window)

    def _gravest(self, roll: Roll, first: Instant, last: Instant) -> Kind:
        """Return the kind with most silent since between, measured by what is too many of it."""
        silent = Counter(
            device.partition("/")[0]
            for device, silence in roll.items()
            if first <= silence.since <= last
        )
        kinds = [
            Kind(name, silent[name], devices, self._most(devices)) for name, devices in self.devices
        ]
        return max(kinds, key=lambda kind: kind.silent / kind.most, default=Kind("", 0, 0, 1))

    def _most(self, devices: int) -> float:
        return max(self.least.value, devices * self.share_pct.value / 100)

    def _finding(self, state: State, kind: Kind, roll: Roll, at: Instant) -> Finding:
        grave = [silence.severity for silence in roll.values() if self.covers(state, silence.since)]
        evidence: Evidence = {
            "kind": kind.name,
            "silent": kind.silent,
            "devices": kind.devices,
            "all_silent": len(grave),
            "limit": self.share_pct.value,
            "limit_from": self.share_pct.source,
        }
        severity = Severity(max([Severity.WARNING, *grave]))
        return Finding(severity, at, state[1], evidence)
