"""Frozen: a value that stays exactly the same for too long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple, TypeAlias

from devices.instant import Instant, milliseconds_of
from devices.reading import NUMBER, Reading, Value
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity

_HOUR = milliseconds_of(timedelta(hours=1))
_Held: TypeAlias = tuple[float, Instant, Instant, Value | None, Value | None, int]
"""Value, since, last at, witness's least and greatest, 1 if found."""
_NOTHING: Mapping[str, _Held] = {}


class Sensor(NamedTuple):
    """A field, its name and unit, and which of its values count: from `low` to `high`, not `rest`.

    At rest a value may stand still, as oxygen does in clean air.
    """

    name: str
    field: str
    low: float = -1e9
    high: float = 1e9
    rest: float | None = None
    unit: str = ""


class Witness(NamedTuple):
    """Another field, and how far it must have moved meanwhile."""

    field: str
    moved: float


@dataclass(frozen=True)
class Frozen(Timeless):
    """One and the same value of a sensor for `span` or longer; the first of several sensors.

    With a `witness`, only if every reading has it and it has moved since. A hole longer than
    `longest` between readings begins the time anew. State: what is held by the sensor's name, if
    its value counts; a sixth of `longest` is as fine as it looks.
    """

    sensors: tuple[Sensor, ...]
    span: timedelta
    severity: Severity
    source: str
    witness: Witness | None = None
    longest: timedelta = timedelta(hours=1)

    def start(self) -> State:
        """Return the state before the first value."""
        return {}

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return for how long a value is the same."""
        get, at = reading.values.get, reading.measured_at
        seen = None if self.witness is None else get(self.witness.field)
        alone = self.witness is not None and seen is None
        after: dict[str, _Held] | None = None
        for name, field, low, high, rest, _ in self.sensors:
            value, held = get(field), state.get(name)
            if not isinstance(value, NUMBER):
                continue
            counts = low <= value <= high and value != rest and not alone
            now = self._held(held, value, seen, at) if counts else None
            if now is held:
                continue
            after = dict(state) if after is None else after
            if now is None:
                del after[name]
            else:
                after[name] = now
        was_found = any(held[5] for held in state.values()) if state else False
        if after is None:
            return state, self._found(state, at) if was_found else None
        finding = self._found(after, at)
        return after, clear(at) if finding is None and was_found else finding

    @cached_property
    def _span_ms(self) -> int:
        return milliseconds_of(self.span)

    @cached_property
    def _longest_ms(self) -> int:
        return milliseconds_of(self.longest)

    def _held(self, held: _Held | None, value: float, seen: Value | None, at: Instant) -> _Held:
        if held is None or value != held[0] or at - held[2] > self._longest_ms:
            return (value, at, at, seen, seen, 0)
        _, since, last_at, least, greatest, found = held
        if not found and at - since < self._span_ms and at - last_at < self._longest_ms // 6:
            return held
        if seen is not None:
            least, greatest = min(least, seen), max(greatest, seen)  # type: ignore[type-var]
        found = found or int(at - since >= self._span_ms and self._moved(least, greatest))
        return (value, since, at, least, greatest, found)

    def _moved(self, least: Value | None, greatest: Value | None) -> bool:
        if self.witness is None:
            return True
        if not isinstance(least, NUMBER) or not isinstance(greatest, NUMBER):
            return False
        return greatest - least >= self.witness.moved

    def _found(self, held: Mapping[str, _Held], at: Instant) -> Finding | None:
        for sensor in self.sensors:
            value, since, *_, found = held.get(sensor.name) or (0.0, 0, 0)
            if found:
                evidence: Evidence = {
                    "of": f"{sensor.name} ({sensor.unit})" if sensor.unit else sensor.name,
                    "value": value,
                    "frozen_h": round((at - since) / _HOUR, 1),
                    "limit": self.span / timedelta(hours=1),
                    "limit_from": self.source,
                }
                return Finding(self.severity, at, since, evidence)
        return None
