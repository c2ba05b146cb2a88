"""Cases of sequences: the orders they give and the alerts they raise, in order."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from devices.instant import Instant
from devices.message import Reply, Result
from rules.case import Case, CaseError, Delivery, span_of
from rules.casefile import CaseResult, Play, differences, register_in, shown_at
from rules.effect import AlertChange, Command, Effect
from rules.sequence import Override, SequenceRule
from rules.severity import Severity
from rules.subject import Subject, device_subject


class _Replied(NamedTuple):
    result: Result


class _Renewed(NamedTuple):
    ends: Mapping[str, int]


def run_sequence_case(rule: SequenceRule, case: Case) -> CaseResult:
    """Return what the sequence does in the case; CaseError if the case can't be run."""
    play = _SequencePlay(rule, case)
    play.run()
    problems = (*play.problems, *differences(case.expect, play.seen))
    return CaseResult(case, tuple(play.seen), tuple(play.changes), problems)


class _SequencePlay(Play):
    def __init__(self, rule: SequenceRule, case: Case) -> None:
        super().__init__(rule, case)
        self._sequence = rule
        self._orders: list[Command] = []

    def _happen(self, at: Instant, happening: object) -> None:
        if isinstance(happening, Override):
            subject = device_subject(self._kind, self._case.device)
            if not self._engine.override(subject, self._sequence.name, happening, at):
                modes = ", ".join(sorted(self._sequence.modes))
                raise CaseError(f"{self._case.name}: overrides: expected one of {modes}")
        elif isinstance(happening, _Replied):
            self._reply(happening.result, at)
        elif isinstance(happening, _Renewed):
            self._renew(happening.ends, at)
        else:
            super()._happen(at, happening)

    def _reply(self, result: Result, at: Instant) -> None:
        """Answer the newest order to each target of a device, twice where the case doubles."""
        for order in {(each.device, each.target): each for each in self._orders}.values():
            reply = Reply(order.kind, order.device, order.identity, result, None, at, at)
            for _ in range(2 if self._case.duplicate else 1):
                self._engine.observe_reply(reply, order.orderer)

    def _renew(self, ends: Mapping[str, int], at: Instant) -> None:
        self._register = register_in(self._case, self._kind, ends)
        self._engine.replace(self._rulebook(), self._register)
        for home in self._register.premises:
            self._engine.consider(Subject("premises", home), at)

    def _script(self, deliveries: Iterable[Delivery]) -> list[tuple[Instant, object]]:
        script = [*super()._script(deliveries), *self._told_by_people()]
        return sorted(script, key=lambda each: each[0])

    def _told_by_people(self) -> Iterator[tuple[Instant, object]]:
        case, start = self._case, self._case.start_at
        if self._sequence.scope == "premises":
            yield start, _Renewed({})
        for at, result in case.replies.items():
            yield start + span_of(at), _Replied(result)
        for at, (mode, until) in case.overrides.items():
            yield start + span_of(at), Override(mode, start + until)
        for at, ends in case.renewals.items():
            yield start + span_of(at), _Renewed(ends)

    def _see(self, at: Instant, effects: Iterable[Effect]) -> None:
        since = shown_at(at - self._case.start_at)
        for effect in effects:
            if isinstance(effect, Command):
                self._orders.append(effect)
                self.seen.append(f"{since} {effect.command}")
            elif isinstance(effect, AlertChange):
                raised = "raised" in effect.transition
                severity = f" {Severity(effect.severity).name.lower()}" if raised else ""
                self.seen.append(f"{since} {effect.rule} {effect.transition}{severity}")
