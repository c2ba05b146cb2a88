"""The judge: what becomes of one subject when a reading comes, when time passes, at a reset."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.bound import Bound, BoundSequence, Watch
from rules.condition import Amendable, Awaiting, Mustering, Roll, State, Verdict
from rules.due import due_of, rule_due, turn_due
from rules.effect import AlertChange, Effect
from rules.finding import NO_EVIDENCE, Evidence, Finding
from rules.late import by_itself, forget, relived
from rules.lifecycle import (
    NEVER,
    Life,
    Phase,
    Step,
    aged,
    amended,
    heard,
    is_raised,
    judged,
    passed,
    quieted,
    reset,
    withdrawn,
)
from rules.memory import FAR, Memory
from rules.moment import Moment, Outage
from rules.quiet import quiet_until, returned, still
from rules.register import Register
from rules.remedy import done_about
from rules.rule import BLIND_AREA, REMOVED
from rules.sequence import Override
from rules.sequence import Turn as SequenceTurn
from rules.silence import News, Turn, noted, silences, told_of
from rules.subject import Subject

_new = tuple.__new__
"""Makes a named tuple at a third of the cost, for what is made at each reading."""
_MOST_STEPS = 1_000
"""What one passing of time may do to one rule; more is a condition that does not come to rest."""


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
    """Changes memories, and collects the effects and failures of that.

    `aftermath` is what areas or their devices are yet to hear of it. `covered` says whether an
    alert of an area stands for its devices silent since then.
    """

    def __init__(self, register: Register) -> None:
        self.register = register
        self.outages: tuple[Outage, ...] = ()
        self.effects: list[Effect] = []
        self.failures: list[Failure] = []
        self.aftermath: deque[News | Turn] = deque()
        self.covered: Callable[[str, Instant], bool] = lambda _area, _since: False

    def observe(self, memory: Memory, route: Iterable[Watch], reading: Reading) -> None:
        """Take a reading in, by the rules it concerns.

        Of nearly every reading nearly every rule has nothing to say: that way is kept short.
        """
        states, lives = memory.states, memory.lives
        for name, start, observe, bound in route:
            state = states.get(name, start)
            try:
                after, finding = observe(state, reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, name, error)
                continue
            if finding is None and name not in lives:
                if after is not state:
                    states[name] = after
                    if after == start:
                        del states[name]
                continue
            life = lives.get(name)
            when = When(reading.measured_at, reading.received_at)
            if finding is None:
                step = heard(life or NEVER, when.at)
            else:
                after, finding = self._returned(memory, bound, after, finding)
                step = judged(life or NEVER, finding, bound.policy)
            self._live(memory, bound, after, step, when)

    def derived(self, memory: Memory, reading: Reading) -> Reading:
        """Return the reading with what it shows together with those before it."""
        device, kind, measured_at, received_at, values = reading
        known: dict[str, Any] = {**values}
        reading = _new(Reading, (device, kind, measured_at, received_at, known))
        states = memory.derived
        for name, of, is_rare in memory.profile.derivations:
            before = states.get(name)
            try:
                after, value = of(before, reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, name, error)
                continue
            if after is not before:
                states[name] = after
                if after is None:
                    del states[name]
            if value is not None:
                known[name] = value
                if is_rare:
                    memory.wake()
                    forget(memory, received_at)
        return reading

    def advance(self, memory: Memory, reading: Reading) -> None:
        """Take a reading in, by the sequences of its device."""
        when = When(reading.measured_at, reading.received_at)
        for bound in memory.profile.observing:
            self._turn(memory, bound, bound.sequence.observe, when, reading)

    def answer(self, memory: Memory, reply: Reply) -> None:
        """Take a reply in, by the sequences that have begun."""
        when = When(reply.received_at + memory.ahead_ms, reply.received_at)
        for bound in memory.profile.sequences:
            if bound.name in memory.states:
                self._turn(memory, bound, bound.sequence.answer, when, reply)

    def consider(self, memory: Memory, when: When) -> None:
        """Look at the facts anew: by the sequences and rules that they move, then by alerts."""
        if memory.subject.scope == "device" and not memory.clocks:
            self._await(memory, when)
        for bound in memory.profile.sequences:
            if bound.rule.scope == "premises":
                moment = self._moment(memory, when.at, hearing=False)
                self._turn(memory, bound, bound.sequence.tick, when, moment, when.told_at)
        for alert in [each for each in memory.profile.bound.values() if each.name in memory.lives]:
            state, life = memory.kept(alert)
            self._live(memory, alert, state, (life or NEVER, ()), when)

    def _await(self, memory: Memory, when: When) -> None:
        """Let a device never heard be expected, or no longer."""
        since = self.register.awaited_since(memory.subject)
        for bound in [each for each in memory.profile.bound.values() if each.rule.awaits]:
            state, life = memory.kept(bound)
            try:
                after, finding = cast("Awaiting", bound.condition).expect(state, since, when.at)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, bound.name, error)
                continue
            step = judged(life or NEVER, finding, bound.policy) if finding else (life or NEVER, ())
            self._live(memory, bound, after, step, when)

    def override(self, memory: Memory, sequence: str, override: Override, when: When) -> bool:
        """Let a person take over; return whether there is such a sequence and mode."""
        for bound in memory.profile.sequences:
            if bound.name == sequence and override.mode in bound.rule.modes:
                self._turn(memory, bound, bound.sequence.override, when, override, when.told_at)
                return True
        return False

    def amend(self, memory: Memory, reading: Reading) -> None:
        """Take a late reading in, by those of the rules that say how."""
        reading = by_itself(memory, reading)
        for _, _, _, bound in memory.profile.route(reading):
            if not (bound.rule.amends or bound.rule.relives):
                continue
            state, life = memory.kept(bound)
            try:
                if bound.rule.relives:
                    after, finding = relived(memory, bound, reading)
                else:
                    after, finding = cast("Amendable", bound.condition).amend(state, reading)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, bound.name, error)
                continue
            step: Step = (life or NEVER, ())
            if finding is not None:
                step = amended(life or NEVER, finding, bound.policy, memory.heard_at)
            self._live(memory, bound, after, step, When(reading.measured_at, reading.received_at))

    def let_pass(self, memory: Memory, until: When, *, hearing: bool) -> None:
        """Let the subject's time pass, each thing happening at its own instant."""
        for sequence in memory.profile.sequences:
            self._let_turn(memory, sequence, until, hearing=hearing)
        known = {*memory.states, *memory.lives}
        for bound in [each for each in memory.profile.bound.values() if each.name in known]:
            self._let_pass(memory, bound, until, hearing=hearing)
        memory.due = due_of(memory)

    def muster(self, memory: Memory, roll: Roll, when: When) -> None:
        """Look at the silent devices of an area, by those of its rules that want to."""
        for bound in memory.profile.bound.values():
            if not bound.rule.musters:
                continue
            state, life = memory.kept(bound)
            try:
                after, finding = cast("Mustering", bound.condition).muster(state, roll, when.at)
            except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
                self._failed(memory, bound.name, error)
                continue
            step: Step = (life or NEVER, ())
            if finding is not None:
                step = judged(life or NEVER, finding, bound.policy)
            self._live(memory, bound, after, step, when)

    def is_silence_due(self, memory: Memory, at: Instant) -> bool:
        """Return whether the device's area is to hear of a silence before then."""
        return any(
            BLIND_AREA in bound.policy.quieted_by and rule_due(bound, *memory.kept(bound)) <= at
            for bound in memory.profile.bound.values()
        )

    def has_told_silence(self, memory: Memory) -> bool:
        """Return whether an alert of the device's silence was told, suppressed or not."""
        return any(True for _ in silences(memory))

    def requiet(self, memory: Memory, when: When) -> None:
        """Suppress the alerts of a device's silence, or let them be told, as its area is now."""
        for bound, state, life in list(silences(memory)):
            self._live(memory, bound, state, (life, ()), when)

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
        step: Callable[..., SequenceTurn],
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
            at = turn_due(memory, bound)
            if at > until.at:
                return
            moment = self._moment(memory, at, hearing=hearing)
            when, tick = When(at, until.told_at), bound.sequence.tick
            ticked = self._turn(memory, bound, tick, when, moment, until.told_at)
            if not ticked or turn_due(memory, bound) == at:
                return
        self.failures.append(Failure(bound.name, memory.subject, "NeverAtRest"))

    def _moment(self, memory: Memory, at: Instant, *, hearing: bool) -> Moment:
        leases = self.register.leases(memory.subject) if memory.subject.scope == "premises" else ()
        return Moment(at, memory.ahead_ms, self.outages, hearing, leases)

    def _let_pass(self, memory: Memory, bound: Bound, until: When, *, hearing: bool) -> None:
        for _ in range(_MOST_STEPS):
            state, life = memory.kept(bound)
            at = rule_due(bound, state, life)
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
            if life is not None and life.quiet_until is not None and life.quiet_until <= at:
                state, finding = self._returned(memory, bound, state, still(life, at))
                if finding.severity is None:
                    self._live(memory, bound, state, withdrawn(life, at), when)
                    life = memory.lives.get(bound.name)
            self._live(memory, bound, state, passed(life or NEVER, at, bound.policy), when)
            if rule_due(bound, *(memory.kept(bound))) == at:
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
        if life.phase is not Phase.INACTIVE and self._is_removed(memory.subject):
            life, changes = withdrawn(old or NEVER, when.at)
        if BLIND_AREA in bound.policy.quieted_by:
            self._report(memory, bound, life, when)
        if is_raised(life):
            life, hushed = quieted(life, self._quiet_until(memory, bound, when.at), when.at)
            changes += hushed
        memory.keep(bound, state)
        if life != NEVER:
            memory.lives[bound.name] = life
        else:
            memory.lives.pop(bound.name, None)
        if bound.rule.musters and is_raised(old) != is_raised(life):
            self.aftermath.append(Turn(memory.subject, *when))
        told = life if life.severity else old or life
        done = self._done(memory, bound, when) if changes else NO_EVIDENCE
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
                evidence={**told.evidence, **done},
            )
            for change in changes
        ]

    def _done(self, memory: Memory, bound: Bound, when: When) -> Evidence:
        try:
            return done_about(memory, bound, when.told_at)
        except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
            self._failed(memory, bound.name, error)
            return NO_EVIDENCE

    def _report(self, memory: Memory, bound: Bound, life: Life, when: When) -> None:
        """Let the area know that a device is silent, how grave that is, or that it is over."""
        area = None
        if told_of(memory) is None and self._quiet_until(memory, bound, when.at) <= when.at:
            area = self.register.area_of(memory.subject)
        news = noted(memory, life, area)
        if news is not None:
            area, silence = news
            at = when.at - memory.ahead_ms
            self.aftermath.append(News(area, memory.subject, silence, at, when.told_at))

    def _quiet_until(self, memory: Memory, bound: Bound, at: Instant) -> Instant:
        """Return until when, in device time, nobody is to be told; 0 for no such reason."""
        reasons = bound.policy.quieted_by
        told = told_of(memory) if BLIND_AREA in reasons else None
        if told is not None and self.covered(told.area, told.silence.since):
            return FAR
        return quiet_until(self.register.quiet(memory.subject), reasons, at, memory.ahead_ms)

    def _returned(
        self, memory: Memory, bound: Bound, state: State, finding: Finding
    ) -> tuple[State, Finding]:
        quiets = self.register.quiet(memory.subject)
        try:
            return returned(bound.condition, state, finding, quiets, memory.ahead_ms)
        except Exception as error:  # noqa: BLE001 the wall around plug-in conditions
            self._failed(memory, bound.name, error)
            return state, finding

    def _is_removed(self, subject: Subject) -> bool:
        return any(quiet.reason == REMOVED for quiet in self.register.quiet(subject))

    def _failed(self, memory: Memory, name: str, error: Exception) -> None:
        self.failures.append(Failure(name, memory.subject, type(error).__name__))
