"""Surge: a flow that lasts and is far above what the subject has known."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

from devices.instant import milliseconds_of
from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.finding import Evidence, Finding, clear
from rules.severity import Severity
from rules.water_use import Use, use_of


class Unusual(NamedTuple):
    """What is too much for one home: above both `flow_lh` and `factor` times its own record."""

    flow_lh: float
    factor: float
    source: str


class Impossible(NamedTuple):
    """What no home draws: `lasting_lh` in two slots, or `once_lh` in one."""

    lasting_lh: float
    once_lh: float
    source: str


@dataclass(frozen=True)
class Surge(Timeless):
    """The smaller flow of two slots that follow each other.

    The record halves in `forgotten_in`, so that one feast does not deafen it for ever; it is judged
    by when it is `learning` old. Once found, the limit stays until the flow is below it. State:
    counter; flow and end of the last slot; record, when that was, since when it is kept; since, 0
    for not; limit.
    """

    unusual: Unusual
    impossible: Impossible
    learning: timedelta = timedelta(days=14)
    forgotten_in: timedelta = timedelta(days=60)

    def start(self) -> State:
        """Return the state before the first reading."""
        return None

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Judge a slot together with the one before."""
        first = (None, 0.0, 0, 0.0, 0, reading.measured_at, 0, 0.0)
        counter, flow, slot_at, record, record_at, kept_at, since, limit = state or first
        counter, use = use_of(counter, reading)
        if use is None or not use.slot:
            return (counter, 0.0, 0, record, record_at, kept_at, since, limit), None
        follows = slot_at == use.start_at
        lasting = round(min(flow, use.flow_lh), 2) if follows else 0.0
        record = self._faded(record, use.end_at - record_at)
        if not since:
            limit = self._limit(record, use.end_at - kept_at)
        severity = self._severity(use, lasting, limit)
        if severity is None:
            after = since if since and use.flow_lh >= limit else 0
            finding = clear(use.end_at) if since and not after else None
        else:
            of_two = use.end_at - use.start_at if lasting >= limit else 0
            after = since or use.start_at - of_two
            finding = Finding(severity, use.end_at, after, self._evidence(use, severity, limit))
        record = round(max(record, lasting), 2)
        now = (counter, round(use.flow_lh, 2), use.end_at, record, use.end_at, kept_at)
        return (*now, after, limit if after else 0.0), finding

    @cached_property
    def _half_life_ms(self) -> int:
        return milliseconds_of(self.forgotten_in)

    @cached_property
    def _learning_ms(self) -> int:
        return milliseconds_of(self.learning)

    def _faded(self, record: float, span: int) -> float:
        if not record:
            return 0.0
        return float(record * 0.5 ** (span / self._half_life_ms))

    def _limit(self, record: float, age: int) -> float:
        if age < self._learning_ms:
            return self.impossible.lasting_lh
        usual = max(self.unusual.flow_lh, self.unusual.factor * record)
        return round(min(usual, self.impossible.lasting_lh), 2)

    def _severity(self, use: Use, lasting: float, limit: float) -> Severity | None:
        if use.flow_lh >= self.impossible.once_lh or lasting >= self.impossible.lasting_lh:
            return Severity.CRITICAL
        return Severity.WARNING if lasting >= limit else None

    def _evidence(self, use: Use, severity: Severity, limit: float) -> Evidence:
        critical = severity is Severity.CRITICAL
        source = self.impossible.source if critical else self.unusual.source
        shown = min(limit, self.impossible.lasting_lh) if not critical else self._passed(use)
        return {"flow_lh": round(use.flow_lh, 1), "limit_lh": shown, "limit_from": source}

    def _passed(self, use: Use) -> float:
        once = use.flow_lh >= self.impossible.once_lh
        return self.impossible.once_lh if once else self.impossible.lasting_lh
