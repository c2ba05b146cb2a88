"""Remedy: what a sequence has done about what a rule finds, for the explanation of its alert."""

from devices.instant import Instant
from rules.bound import Bound
from rules.finding import NO_EVIDENCE, Evidence
from rules.memory import Memory


def done_about(memory: Memory, bound: Bound, now: Instant) -> Evidence:
    """Return what was done, as of `now` in our time; nothing where no such sequence is at work."""
    for each in memory.profile.sequences:
        if each.name == bound.rule.remedy and each.rule.done is not None:
            return each.rule.done(memory.states.get(each.name), now)
    return NO_EVIDENCE
