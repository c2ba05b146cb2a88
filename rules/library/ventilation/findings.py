"""What the ventilation of a tank has to say at one instant, by the name of the alert."""

from collections.abc import Iterator

from devices.instant import Instant
from rules.finding import Evidence, Finding, clear
from rules.library.gas_ranges import RANGES
from rules.library.ventilation.alerts import (
    CHRONIC_SOURCE,
    FAN_FAILED,
    INEFFECTIVE,
    INTERLOCK_FAILED,
    OVERRUN,
    UNCOMMANDED_RUN,
)
from rules.library.ventilation.numbers import (
    CHRONIC,
    FEEDBACK,
    HALVED,
    INTERLOCK,
    MINUTE,
    SECOND,
    UNCOMMANDED_S,
)
from rules.library.ventilation.numbers import OVERRUN as MOST
from rules.library.ventilation.tank import Tank
from rules.severity import Severity

SEQUENCE = "ventilation sequence of this project"
_GASES = {each.field: each.quantity for each in RANGES}
_SETTING = "general knowledge, not from a standard"

Named = tuple[str, Finding]


def findings_of(tank: Tank, at: Instant, now: Instant) -> tuple[tuple[str, ...], tuple[Named, ...]]:
    """Return which alerts are found, and the findings: of these, and of those no longer found."""
    found = (*_of_orders(tank, at, now), *_of_runs(tank, at, now))
    names = tuple(name for name, _ in found)
    gone = tuple((name, clear(at)) for name in tank.told if name not in names)
    return names, found + gone


def _of_orders(tank: Tank, at: Instant, now: Instant) -> Iterator[Named]:
    if tank.failed_at is not None:
        evidence: Evidence = {"limit_s": FEEDBACK // SECOND, "answer": tank.failed_answer}
        since = min(at, tank.failed_at + tank.ahead_ms)
        yield _found(FAN_FAILED.name, Severity.CRITICAL, at, since, evidence)
    if tank.interlock and tank.level_at is not None and not tank.mode(now):
        evidence = {"limit_s": INTERLOCK // SECOND}
        since = tank.decides_from(tank.level_at)
        yield _found(INTERLOCK_FAILED.name, Severity.CRITICAL, at, since, evidence)
    if len(tank.starts) >= CHRONIC:
        evidence = {"count": len(tank.starts), "limit": CHRONIC}
        yield _found(CHRONIC_SOURCE.name, Severity.WARNING, at, tank.starts[-1], evidence)


def _of_runs(tank: Tank, at: Instant, now: Instant) -> Iterator[Named]:
    if tank.ineffective is not None and tank.run_at is not None:
        gas, value, before = tank.ineffective
        evidence: Evidence = {
            "gas": _GASES[gas], "value": value, "before": before, "limit": before / 2,
            "limit_min": HALVED // MINUTE,
        }  # fmt: skip
        yield _found(INEFFECTIVE.name, Severity.WARNING, at, tank.run_at, evidence)
    if not tank.running or tank.run_at is None or tank.mode(now):
        return
    since = tank.decides_from(tank.run_at)
    if at - since > MOST:
        evidence = {"run_at": tank.run_at, "limit_min": MOST // MINUTE}
        yield _found(OVERRUN.name, Severity.WARNING, at, since + MOST, evidence)
    if not tank.own:
        evidence = {"run_at": tank.run_at, "limit_s": UNCOMMANDED_S, "limit_from": _SETTING}
        yield _found(UNCOMMANDED_RUN.name, Severity.WARNING, at, since, evidence)


def _found(name: str, severity: Severity, at: Instant, since: Instant, evidence: Evidence) -> Named:
    return name, Finding(severity, at, since, {"limit_from": SEQUENCE, **evidence})
