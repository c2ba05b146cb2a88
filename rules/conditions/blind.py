"""Blind: many devices of one area fell silent together."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import Roll, Silence, State, Tally, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.limits import InForce
from rules.severity import Severity

_HOUR_MS = 3_600_000


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
    grave as the gravest of them. Windows are of whole hours. State: None; or whether found, since
    when, and the hour in which the last fell silent that made it a share.
    """

    devices: tuple[tuple[str, int], ...]
    least: InForce
    share_pct: InForce
    window_h: int

    def start(self) -> State:
        """Return the state of an area never blind."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:  # noqa: ARG002 silence alone
        """Return the state as it is."""
        return state, None

    def muster(self, state: State, roll: Roll, at: Instant) -> Verdict:
        """Look at which devices are silent now."""
        newest = max((hour for _, hour, _ in roll.tally), default=0)
        together = self._gravest(roll.tally, newest - self.window_h, newest)
        found, since, until = state or (False, 0, 0)
        if together.silent >= together.most:
            begun = since if found else _first(roll.devices, newest - self.window_h)
            state = (True, begun, newest)
        elif found:
            together = self._gravest(roll.tally, since // _HOUR_MS, until + self.window_h)
            if together.silent < together.most / 2:
                return (False, since, until), clear(at)
        else:
            return state, None
        return state, self._finding(state, together, roll.tally, at)

    def covers(self, state: State, since: Instant) -> bool:
        """Return whether a device silent since then is one of those."""
        if state is None or since < state[1]:
            return False
        return bool(since // _HOUR_MS <= state[2] + self.window_h)

    def _gravest(self, tally: Tally, first: int, last: int) -> Kind:
        """Return the kind with most silent since these hours, measured by what is too many."""
        silent: Counter[str] = Counter()
        for (name, hour, _), number in tally.items():
            if first <= hour <= last:
                silent[name] += number
        kinds = [
            Kind(name, silent[name], devices, self._most(devices)) for name, devices in self.devices
        ]
        return max(kinds, key=lambda kind: kind.silent / kind.most, default=Kind("", 0, 0, 1))

    def _most(self, devices: int) -> float:
        return max(self.least.value, devices * self.share_pct.value / 100)

    def _finding(self, state: State, kind: Kind, tally: Tally, at: Instant) -> Finding:
        first, last = state[1] // _HOUR_MS, state[2] + self.window_h
        those = {key: number for key, number in tally.items() if first <= key[1] <= last}
        evidence: Evidence = {
            "kind": kind.name,
            "silent": kind.silent,
            "devices": kind.devices,
            "all_silent": sum(those.values()),
            "limit": self.share_pct.value,
            "limit_from": self.share_pct.source,
        }
        severity = Severity(max([Severity.WARNING, *(grave for _, _, grave in those)]))
        return Finding(severity, at, state[1], evidence)


def _first(devices: Mapping[str, Silence], hour: int) -> Instant:
    """Return since when the first is silent of those since this hour or later."""
    return min(each.since for each in devices.values() if each.since // _HOUR_MS >= hour)
