"""What may happen to an alert, in which order, and what it has come to."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from devices.instant import Instant


class Step(NamedTuple):
    """A transition, the severity after it, and when in device time."""

    transition: str
    severity: int
    at: Instant


class End(NamedTuple):
    """What an alert has come to."""

    worst: int
    state: str


_NEXT: Mapping[tuple[str, str], str] = {
    ("", "raised"): "firing",
    ("", "raised_late"): "firing",
    ("firing", "escalated"): "firing",
    ("firing", "eased"): "firing",
    ("firing", "suppressed"): "firing",
    ("firing", "resumed"): "firing",
    ("firing", "reset"): "firing",
    ("firing", "cleared"): "firing",
    ("firing", "recurred"): "firing",
    ("firing", "would_not_have_fired"): "firing",
    ("firing", "lost"): "stale",
    ("firing", "resolved"): "resolved",
    ("stale", "escalated"): "stale",
    ("stale", "resumed"): "stale",
    ("stale", "suppressed"): "stale",
    ("stale", "regained"): "firing",
    ("stale", "would_not_have_fired"): "stale",
}
"""By state and transition the state after it; what is missing must not happen."""
_GRADES = {"escalated": 1, "eased": -1}


def end_of(steps: Sequence[Step]) -> End:
    """Return what the steps lead to; ValueError if one of them must not follow upon the others.

    What one reading brings is told with the severity after all of it.
    """
    state, severity = "", 0
    for _, group in groupby(steps, key=attrgetter("at")):
        together = list(group)
        _check_grade(severity, together, is_new=not state)
        for step in together:
            state = _after(state, step.transition)
        severity = together[-1].severity
    return End(max((step.severity for step in steps), default=0), state)


def wrong_with(steps: Sequence[Step]) -> list[str]:
    """Return what is wrong with the order of the steps; nothing if it is right."""
    try:
        end_of(steps)
    except ValueError as error:
        return [str(error)]
    return ["a transition twice"] if len(set(steps)) < len(steps) else []


def _after(state: str, transition: str) -> str:
    after = _NEXT.get((state, transition))
    if after is None:
        raise ValueError(f"{transition} when {state or 'not raised'}")
    return after


def _check_grade(before: int, steps: Sequence[Step], *, is_new: bool) -> None:
    """A severity changes with the transition that says so, and with no other."""
    after = steps[-1].severity
    grades = {_GRADES.get(step.transition, 0) for step in steps} - {0} or {0}
    if not is_new and len(grades) == 1 and (after > before) - (after < before) not in grades:
        raise ValueError(f"{steps[-1].transition} from severity {before} to {after}")
