"""The judge: what becomes of one subject when a reading comes, when time passes, at a reset."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, cast

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading, Values
from rules.bound import Bound, BoundSequence
from rules.condition import Amendable, State, Verdict
from rules.effect import AlertChange, Effect
from rules.lifecycle import (
    NEVER,
    Life,
    Phase,
    Step,
    aged,
    amended,
    due,
    heard,
    judged,
    passed,
    quieted,
    reset,
)
from rules.memory import FAR, Memory
from rules.moment import Moment, Outage
from rules.register import Quiet
from rules.sequence import Override, Turn
from rules.subject import Subject

_MOST_STEPS = 1_000
"""What one passing of time may do to one rule; more is a condition that does not come to rest."""

_RAISED = (Phase.FIRING, Phase.STALE)


class Quietness(Protocol):
    """What the judge asks of the register."""

    def quiet(self, subject: Subject) -> tuple[Quiet, ...]:
        """Return the reasons to keep quiet about a subject."""


class Failure(NamedTuple):
    """A condition that raised: a defect of its rule. The state before was kept."""

    rule: str
    subject: Subject
    error: str


class When(NamedTuple):
    """An instant in device time, and ours when we came to know of it."""

    at: Instant
    told_at: Instant


class Judge:
    """Changes memories, and collects the effects and failures of that."""

    def __init__(self, register: Quietness) -> None:
        self.register = register
        self.outages: tuple[Outage, ...] = ()
        self.effects: list[Effect] = []
        self.failures: list[Failure] = []

    def observe(self, memory: Memory, route: Iterable[Bound], reading: Reading) -> None:
        """Take a reading in, by the rules it concerns.

        Of nearly every reading nearly every rule has nothing to say: that way is kept short.
        """
        states, lives = memory.states, memory.lives
        for bound in route:
            name, _, _, _, start, observe, _ = bound
            state = states.get(name, start)
            try:
                after, finding = observe(state, reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, name, error)
                continue
            if finding is None and name not in lives:
                if after is not state:
                    memory.keep(bound, after)
                continue
            life = lives.get(name)
            when = When(reading.measured_at, reading.received_at)
            if finding is None:
                step = heard(life or NEVER, when.at)
            else:
                step = judged(life or NEVER, finding, bound.policy)
            self._live(memory, bound, after, step, when)

    def derived(self, memory: Memory, reading: Reading) -> Reading:
        """Return the reading with what it shows together with those before it."""
        for derivation in memory.profile.derivations:
            name = derivation.name
            try:
                memory.derived[name], value = derivation.of(memory.derived.get(name), reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, name, error)
                continue
            if value is not None:
                device, kind, measured_at, received_at, values = reading
                known = cast("Values", {**values, name: value})
                reading = Reading(device, kind, measured_at, received_at, known)
        return reading

    def advance(self, memory: Memory, reading: Reading) -> None:
        """Take a reading in, by the sequences of its device."""
        when = When(reading.measured_at, reading.received_at)
        for bound in memory.profile.sequences:
            self._turn(memory, bound, bound.sequence.observe, when, reading)

    def answer(self, memory: Memory, reply: Reply) -> None:
        """Take a reply in, by the sequences that have begun."""
        when = When(reply.received_at + memory.ahead_ms, reply.received_at)
        for bound in memory.profile.sequences:
            if bound.name in memory.states:
                self._turn(memory, bound, bound.sequence.answer, when, reply)

    def override(self, memory: Memory, sequence: str, override: Override, when: When) -> bool:
        """Let a person take over; return whether there is such a sequence and mode."""
        for bound in memory.profile.sequences:
            if bound.name == sequence and override.mode in bound.rule.modes:
                self._turn(memory, bound, bound.sequence.override, when, override, when.told_at)
                return True
        return False

    def amend(self, memory: Memory, route: Iterable[Bound], reading: Reading) -> None:
        """Take a late reading in, by those of the rules that say how."""
        for bound in route:
            if not bound.rule.amends:
                continue
            state, life = memory.kept(bound)
            try:
                after, finding = cast("Amendable", bound.condition).amend(state, reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, bound.name, error)
                continue
            step: Step = (life or NEVER, ())
            if finding is not None:
                step = amended(life or NEVER, finding, bound.policy)
            self._live(memory, bound, after, step, When(reading.measured_at, reading.received_at))

    def let_pass(self, memory: Memory, until: When, *, hearing: bool) -> None:
        """Let the subject's time pass, each thing happening at its own instant."""
        for sequence in memory.profile.sequences:
            self._let_turn(memory, sequence, until, hearing=hearing)
        known = {*memory.states, *memory.lives}
        for bound in [each for each in memory.profile.bound.values() if each.name in known]:
            self._let_pass(memory, bound, until, hearing=hearing)
        memory.due = due_of(memory)

    def reset(self, memory: Memory, rule: str, when: When) -> bool:
        """Reset a latch; return whether there was one that could be."""
        bound = memory.profile.bound.get(rule)
        if bound is None:
            return False
        state, life = memory.kept(bound)
        step = reset(life or NEVER, when.at, bound.policy)
        self._live(memory, bound, state, step, when)
        return bool(step[1])

    def _turn(
        self,
        memory: Memory,
        bound: BoundSequence,
        step: Callable[..., Turn],
        when: When,
        *event: object,
    ) -> bool:
        """Let a sequence take a step, and tell what it finds and orders; False if it raised."""
        state = memory.states.get(bound.name)
        state = bound.sequence.start() if state is None else state
        try:
            turn = step(memory.subject.id, state, *event)
        except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
            self._failed(memory, bound.name, error)
            return False
        memory.states[bound.name] = turn.state
        self.effects += turn.orders
        for name, finding in turn.findings:
            alert = memory.profile.bound[name]
            told, life = memory.kept(alert)
            after = judged(life or NEVER, finding, alert.policy)
            self._live(memory, alert, told, after, when)
        return True

    def _let_turn(
        self, memory: Memory, bound: BoundSequence, until: When, *, hearing: bool
    ) -> None:
        for _ in range(_MOST_STEPS):
            at = _turn_due(memory, bound)
            if at > until.at:
                return
            moment = Moment(at, memory.ahead_ms, self.outages, hearing)
            when, tick = When(at, until.told_at), bound.sequence.tick
            ticked = self._turn(memory, bound, tick, when, moment, until.told_at)
            if not ticked or _turn_due(memory, bound) == at:
                return
        self.failures.append(Failure(bound.name, memory.subject, "NeverAtRest"))

    def _let_pass(self, memory: Memory, bound: Bound, until: When, *, hearing: bool) -> None:
        for _ in range(_MOST_STEPS):
            state, life = memory.kept(bound)
            at = _due(bound, state, life)
            if at > until.at:
                return
            when = When(at, until.told_at)
            state, finding = self._ticked(
                memory, bound, state, Moment(at, memory.ahead_ms, self.outages, hearing)
            )
            if finding is not None:
                step = aged(life or NEVER, finding, bound.policy)
                self._live(memory, bound, state, step, when)
                life = memory.lives.get(bound.name)
            self._live(memory, bound, state, passed(life or NEVER, at, bound.policy), when)
            if _due(bound, *(memory.kept(bound))) == at:
                return
        self.failures.append(Failure(bound.name, memory.subject, "NeverAtRest"))

    def _ticked(self, memory: Memory, bound: Bound, state: State, moment: Moment) -> Verdict:
        deadline = bound.condition.deadline(state)
        if deadline is None or deadline > moment.at:
            return state, None
        try:
            return bound.condition.tick(state, moment)
        except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
            self._failed(memory, bound.name, error)
            return state, None

    def _live(self, memory: Memory, bound: Bound, state: State, step: Step, when: When) -> None:
        """Keep the state and the life that follows, and tell what changed."""
        old = memory.lives.get(bound.name)
        life, changes = step
        if life.phase in _RAISED:
            life, hushed = quieted(life, self._quiet_until(memory, bound), when.at)
            changes += hushed
        memory.keep(bound, state)
        if life != NEVER:
            memory.lives[bound.name] = life
        else:
            memory.lives.pop(bound.name, None)
        told = life if life.severity else old or life
        self.effects += [
            AlertChange(
                rule=bound.name,
                subject=memory.subject,
                start=told.start,
                transition=change.transition,
                severity=told.severity,
                at=change.at,
                told_at=when.told_at,
                suppressed=told.quiet_until is not None,
                evidence=told.evidence,
            )
            for change in changes
        ]

    def _quiet_until(self, memory: Memory, bound: Bound) -> Instant:
        """Return until when, in device time, nobody is to be told; 0 for no such reason."""
        reasons = bound.policy.quieted_by
        untils = [
            quiet.until + memory.ahead_ms
            for quiet in self.register.quiet(memory.subject)
            if quiet.reason in reasons
        ]
        return max(untils, default=0)

    def _failed(self, memory: Memory, name: str, error: Exception) -> None:
        self.failures.append(Failure(name, memory.subject, type(error).__name__))


def due_of(memory: Memory) -> Instant:
    """Return when, in device time, anything of a subject wants time to pass."""
    profile, states = memory.profile, memory.states
    at = FAR
    for bound in profile.timed:
        state = states.get(bound.name)
        if state is not None:
            at = min(at, _due(bound, state, None))
    for name in memory.lives:
        if name in profile.bound:
            at = min(at, _due(profile.bound[name], *memory.kept(profile.bound[name])))
    for sequence in profile.sequences:
        at = min(at, _turn_due(memory, sequence))
    return at


def _turn_due(memory: Memory, bound: BoundSequence) -> Instant:
    before = memory.states.get(bound.name)
    at = None if before is None else bound.sequence.deadline(before)
    return FAR if at is None else at


def _due(bound: Bound, state: State, life: Life | None) -> Instant:
    at = bound.deadline(state) if bound.deadline is not None else None
    of_condition = FAR if at is None else at
    of_life = None if life is None else due(life, bound.policy)
    return of_condition if of_life is None else min(of_condition, of_life)
