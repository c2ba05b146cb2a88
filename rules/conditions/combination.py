"""Combinations: the gravest of some conditions, or all of them together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import Calm, Calming, Condition, State, Timeless, Verdict
from rules.finding import Finding, clear, unknown
from rules.moment import Moment
from rules.severity import Severity

_WELL, _UNKNOWN = 0, -1
_CLEAR: tuple[object, ...] = (_WELL, 0, False, {})
"""Left out of a state, so that what is well takes little room."""
_LOST: tuple[object, ...] = (_UNKNOWN, 0, False, {})


@dataclass(frozen=True)
class Combination:
    """Other conditions of the same subject: the gravest of them, or all together.

    All together are as grave as the least of them, and began when the last did. What is unknown
    leaves the rest: one that is clear denies "all", and one that is found is enough for "any".
    State: by condition its own state, its last word (a severity, 0 clear, -1 unknown), since when,
    whether confirmed, and its evidence; then the last word of all. Conditions may be added at the
    end: with the next reading they begin, beside what was saved before.
    """

    needs: Literal["any", "all"]
    conditions: tuple[Condition, ...]
    _observe: tuple[tuple[int, Callable[[State, Reading], Verdict]], ...] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Keep at hand what is asked at each reading."""
        observe = enumerate(condition.observe for condition in self.conditions)
        object.__setattr__(self, "_observe", tuple(observe))

    def start(self) -> State:
        """Return the state of all clear."""
        return [[condition.start()] for condition in self.conditions], _WELL

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Let each condition observe, and put their words together; most often none has any."""
        parts, word = state
        if len(parts) < len(self._observe):
            added = self.conditions[len(parts) :]
            parts = [*parts, *([condition.start()] for condition in added)]
            state = parts, word
        if word == _WELL:
            for place, observe in self._observe:
                before = parts[place][0]
                after, finding = observe(before, reading)
                if finding is not None or after is not before:
                    break
            else:
                return state, None
        answers = [observe(parts[place][0], reading) for place, observe in self._observe]
        if word != _WELL or any(finding is not None for _, finding in answers):
            return self._said(state, reading.measured_at, answers)
        own = [[after, *part[1:]] for (after, _), part in zip(answers, parts, strict=True)]
        return (own, word), None

    @cached_property
    def calm(self) -> Calm | None:
        """What is calm to each of them; None where some renew their deadline and others don't."""
        said: list[Any] = [getattr(condition, "calm", None) for condition in self.conditions]
        if None in said:
            return None
        renewed = [
            calm.renews_ms
            for calm, condition in zip(said, self.conditions, strict=True)
            if not isinstance(condition, Timeless)
        ]
        if any(renewed) and not all(renewed):
            return None
        return Calm(
            tuple(each for calm in said for each in calm.bounds),
            tuple(each for calm in said for each in calm.texts),
            tuple(each for calm in said for each in calm.steady),
            all(calm.stays for calm in said),
            all(calm.stays or calm.by_last for calm in said),
            min(renewed, default=0),
        )

    def calm_until(self, state: State, at: Instant) -> Instant:
        """Return until when it is to all, while none finds anything."""
        parts, word = state
        if word != _WELL:
            return 0
        conditions = cast("tuple[Calming, ...]", self.conditions)
        return min(
            condition.calm_until(own, at)
            for condition, (own, *_) in zip(conditions, parts, strict=False)
        )

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Let time pass for those that have reached their deadline."""
        answers: list[Verdict] = []
        for condition, (own, *_) in zip(self.conditions, state[0], strict=False):
            deadline = condition.deadline(own)
            due = deadline is not None and deadline <= moment.at
            answers.append(condition.tick(own, moment) if due else (own, None))
        return self._said(state, moment.at, answers)

    def expect(self, state: State, since: Instant | None, at: Instant) -> Verdict:
        """Let those expect a device never heard that can."""
        answers: list[Verdict] = []
        for condition, (own, *_) in zip(self.conditions, state[0], strict=True):
            expect = getattr(condition, "expect", None)
            answers.append(expect(own, since, at) if expect else (own, None))
        return self._said(state, at, answers)

    def deadline(self, state: State) -> Instant | None:
        """Return the first deadline of any."""
        deadlines = (
            condition.deadline(own)
            for condition, (own, *_) in zip(self.conditions, state[0], strict=False)
        )
        return min((at for at in deadlines if at is not None), default=None)

    def _said(self, state: State, at: Instant, answers: list[Verdict]) -> Verdict:
        said = zip(state[0], answers, strict=True)
        parts = [_answered(part, *answer) for part, answer in said]
        word, before = self._word(parts), state[1]
        after = [part if part[1] != _WELL else part[:1] for part in parts], word
        if word == _UNKNOWN:
            return after, unknown(at)
        if word == _WELL:
            return after, clear(at) if before != _WELL else None
        return after, self._finding(parts, word, at)

    def _word(self, parts: list[State]) -> int:
        words = [part[1] for part in parts]
        if self.needs == "any":
            gravest = max(words)
            return _UNKNOWN if gravest == _WELL and _UNKNOWN in words else gravest
        return _WELL if _WELL in words else min(words)

    def _finding(self, parts: list[State], word: int, at: Instant) -> Finding:
        if self.needs == "any":
            _, _, since, confirmed, evidence = max(parts, key=lambda part: part[1])
        else:
            since = max(part[2] for part in parts)
            confirmed = all(part[3] for part in parts)
            evidence = {name: value for part in parts for name, value in part[4].items()}
        return Finding(Severity(word), at, since, evidence, confirmed=confirmed)


def _answered(part: State, own: State, finding: Finding | None) -> State:
    if finding is None:
        return [own, *(part[1:] or _CLEAR)]
    if not finding.known:
        return [own, *_LOST]
    if finding.severity is None:
        return [own, *_CLEAR]
    since, confirmed = finding.since, finding.confirmed
    return [own, int(finding.severity), since, confirmed, dict(finding.evidence)]
