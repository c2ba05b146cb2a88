"""Due: when, in device time, anything of a subject wants time to pass."""

from collections.abc import Callable, Iterable, Mapping

from devices.instant import Instant
from rules.bound import Bound, BoundSequence
from rules.condition import State
from rules.lifecycle import Life, due
from rules.memory import FAR, Memory


def due_of(memory: Memory) -> Instant:
    """Return when, in device time, anything of a subject wants time to pass."""
    profile = memory.profile
    at = first_due(profile.timed, memory.states)
    for name in memory.lives:
        if name in profile.bound:
            at = min(at, rule_due(profile.bound[name], *memory.kept(profile.bound[name])))
    for sequence in profile.sequences:
        at = min(at, turn_due(memory, sequence))
    return at


def first_due(
    timed: Iterable[tuple[str, Callable[[State], Instant | None]]], states: Mapping[str, State]
) -> Instant:
    """Return the first deadline of conditions, by the names of their rules."""
    at = FAR
    for name, deadline in timed:
        state = states.get(name)
        if state is not None:
            of_condition = deadline(state)
            if of_condition is not None and of_condition < at:
                at = of_condition
    return at


def turn_due(memory: Memory, bound: BoundSequence) -> Instant:
    """Return when a sequence wants time to pass."""
    before = memory.states.get(bound.name)
    at = None if before is None else bound.sequence.deadline(before)
    if at is None:
        return FAR
    return at + memory.ahead_ms if bound.rule.scope == "premises" else at


def rule_due(bound: Bound, state: State, life: Life | None) -> Instant:
    """Return when a rule, or its alert, wants time to pass."""
    at = bound.deadline(state) if bound.deadline is not None else None
    of_condition = FAR if at is None else at
    of_life = None if life is None else due(life, bound.policy)
    return of_condition if of_life is None else min(of_condition, of_life)
