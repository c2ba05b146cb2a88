"""The engine: readings and time in, changed states and effects out. Pure."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.bound import Profiles, Rulebook
from rules.effect import Effect
from rules.judge import Failure, Judge, When
from rules.lifecycle import Life
from rules.memory import FAR, Memory, SavedState, restored
from rules.moment import Outage
from rules.register import Register
from rules.sequence import Override
from rules.subject import Subject, device_subject
from rules.timers import Timers

_AGAIN = 60_000
"""Milliseconds until a rule that did not get on, because its condition raised, is tried again."""
_NO_END = 1 << 62


class Store(Protocol):
    """Where states were saved, by the transactions that took them."""

    def load(self, subject: Subject) -> bytes | None:
        """Return the saved state of a subject, or None."""

    def deadlines(self) -> Iterable[tuple[Instant, Subject]]:
        """Return every saved deadline, in any order."""


class NoStore:
    """A store that holds nothing."""

    def load(self, subject: Subject) -> bytes | None:  # noqa: ARG002 there is none
        """Return None."""
        return None

    def deadlines(self) -> Iterable[tuple[Instant, Subject]]:
        """Return none."""
        return ()


class Outcome(NamedTuple):
    """What changed since the last take; to be written in one transaction with the readings."""

    states: dict[Subject, SavedState]
    effects: tuple[Effect, ...]
    failures: tuple[Failure, ...]


class Engine:
    """Judges subjects by rules.

    `observe` and `tick` as often as needed, then `take`, then one transaction with what was taken;
    if it fails, `discard`, and observe the same readings again. Takes new readings only, each
    device's in the order of measurement, or with `late=True`.
    """

    def __init__(
        self, rulebook: Rulebook, register: Register, store: Store, *, cached: int = 100_000
    ) -> None:
        self._store = store
        self._cached = cached
        self._memories: dict[Subject, Memory] = {}
        self._touched: dict[Subject, Memory] = {}
        self._taken: dict[Subject, Memory] = {}
        self._timers = Timers(store.deadlines())
        self._judge = Judge(register)
        self.replace(rulebook, register)

    def replace(self, rulebook: Rulebook, register: Register) -> None:
        """Go on with other rules, limits or facts; states and timers stay as they are.

        A deadline that comes earlier by it is noticed at the subject's next reading or timer.
        Raises LimitError and changes nothing if the limits of a subject contradict each other.
        """
        profiles = Profiles(rulebook, register)
        memories = {**self._taken, **self._touched, **self._memories}
        changed = [(memory, profiles.of(subject)) for subject, memory in memories.items()]
        for memory, profile in changed:
            memory.profile, memory.due = profile, 0
        self._register = self._judge.register = register
        self._profiles = profiles
        self._premises_kinds = rulebook.kinds_of("premises")

    def deaf(self, outages: tuple[Outage, ...]) -> None:
        """Say when the service itself could hear no device: that silence was ours."""
        self._judge.outages = outages

    def observe(self, reading: Reading, *, late: bool = False) -> None:
        """Take a reading in; `late` says it is older than the newest of its device."""
        device, kind, *_ = reading
        self._observe(device_subject(kind, device), reading, late=late)
        if kind in self._premises_kinds:
            for home in self._register.homes_of(reading):
                self._observe(Subject("premises", home), reading, late=late)

    def observe_reply(self, reply: Reply, orderer: Subject | None = None) -> None:
        """Take in the answer to a command; one told again, or to none of ours, is harmless.

        `orderer` is the subject that gave the command, None for the device itself.
        """
        memory = self._touch(orderer or device_subject(reply.kind, reply.device))
        carried = When(reply.received_at + memory.ahead_ms, reply.received_at)
        if memory.due <= carried.at and memory.clocks:
            self._judge.let_pass(memory, carried, hearing=False)
        self._judge.answer(memory, reply)
        self._arm(memory)

    def consider(self, subject: Subject, now: Instant) -> None:
        """Look at what the register now says of premises; to be told of after `replace`.

        Most are as they were, as at a restart: then nothing is to be written.
        """
        memory = self._memory(subject)
        before = memory.saved()
        self._judge.consider(memory, When(now + memory.ahead_ms, now))
        if memory.saved() != before:
            self._touched[subject] = memory
        self._arm(memory)

    def override(self, subject: Subject, sequence: str, override: Override, now: Instant) -> bool:
        """Let a person take a sequence over until an end; return whether there is such a one."""
        memory = self._touch(subject)
        when = When(now + memory.ahead_ms, now)
        if memory.due <= when.at and memory.clocks:
            self._judge.let_pass(memory, when, hearing=False)
        done = self._judge.override(memory, sequence, override, when)
        self._arm(memory)
        return done

    def tick(self, now: Instant, most: int = _NO_END) -> None:
        """Let time pass, for `most` subjects; costs a comparison when nothing is due."""
        for _ in range(most):
            subject = self._timers.ring(now)
            if subject is None:
                return
            memory = self._touch(subject)
            self._judge.let_pass(memory, When(now + memory.ahead_ms, now), hearing=False)
            if memory.due < FAR:
                at = memory.due - memory.ahead_ms
                self._timers.arm(subject, at if at > now else now + _AGAIN)

    def next_deadline(self) -> Instant | None:
        """Return when `tick` has something to look at next, or None."""
        return self._timers.next()

    def reset(self, subject: Subject, rule: str, now: Instant) -> bool:
        """Reset a latch for a person; return whether there was one that could be."""
        memory = self._touch(subject)
        done = self._judge.reset(memory, rule, When(now + memory.ahead_ms, now))
        self._arm(memory)
        return done

    def lives(self, subject: Subject) -> dict[str, Life]:
        """Return the alerts of a subject by rule, pending ones included."""
        memory = self._memory(subject)
        return {rule: life for rule, (_, life) in memory.states.items() if life is not None}

    def take(self) -> Outcome:
        """Return what changed since the last take."""
        states = {
            subject: SavedState(memory.saved(), self._timers.armed(subject))
            for subject, memory in self._touched.items()
        }
        outcome = Outcome(states, tuple(self._judge.effects), tuple(self._judge.failures))
        self._taken, self._touched = self._touched, {}
        self._judge.effects, self._judge.failures = [], []
        for _ in range(len(self._memories) - self._cached):
            del self._memories[next(iter(self._memories))]
        return outcome

    def discard(self) -> None:
        """Forget what was not taken and what was taken last: the store has what is true."""
        for subject in (*self._taken, *self._touched):
            self._memories.pop(subject, None)
            self._timers.arm(subject, 0)
        self._taken, self._touched = {}, {}
        self._judge.effects, self._judge.failures = [], []

    def _memory(self, subject: Subject) -> Memory:
        memory = self._memories.pop(subject, None) or self._taken.get(subject)
        if memory is None:
            profile, saved = self._profiles.of(subject), self._store.load(subject)
            memory = (
                Memory(subject, profile) if saved is None else restored(subject, profile, saved)
            )
        self._memories[subject] = memory
        return memory

    def _touch(self, subject: Subject) -> Memory:
        memory = self._touched[subject] = self._memory(subject)
        return memory

    def _observe(self, subject: Subject, reading: Reading, *, late: bool) -> None:
        device, kind, measured_at, received_at, _ = reading
        memory = self._touch(subject)
        name = subject.id if subject.scope == "device" else f"{kind}/{device}"
        clock = memory.clocks.get(name)
        if clock is not None and clock[0] == measured_at:
            return
        route = memory.profile.route(reading)
        if late:
            self._judge.amend(memory, route, reading)
        else:
            ahead_ms = memory.ahead_ms
            if memory.due <= max(received_at + ahead_ms, measured_at) and memory.clocks:
                carried = When(received_at + ahead_ms, received_at)
                self._judge.let_pass(memory, carried, hearing=False)
                if memory.due <= measured_at:
                    self._judge.let_pass(memory, When(measured_at, received_at), hearing=True)
            memory.hear(name, measured_at, received_at)
            self._judge.observe(memory, route, reading)
            if memory.profile.observing:
                self._judge.advance(memory, reading)
        self._arm(memory)

    def _arm(self, memory: Memory) -> None:
        if memory.due < FAR:
            self._timers.arm(memory.subject, memory.due - memory.ahead_ms)
