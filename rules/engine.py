"""The engine: readings and time in, changed states and effects out. Pure."""

from collections import deque

from devices.instant import Instant
from devices.message import Reply
from devices.reading import Reading
from rules.areas import Areas
from rules.bound import Profiles, Rulebook
from rules.clocks import continued
from rules.due import due_of
from rules.judge import Judge, When
from rules.lifecycle import Life
from rules.lull import concerns, pass_by
from rules.memory import FAR, Memory, SavedState, restored
from rules.moment import Outage
from rules.register import Register
from rules.sequence import Override
from rules.store import Outcome, Store
from rules.subject import Subject, device_subject
from rules.timers import Timers
from rules.waiting_room import WaitingRoom

_AGAIN = 60_000
"""Milliseconds until a rule that did not get on, because its condition raised, is tried again."""
_NO_END = 1 << 62
_MOST_BEFORE = 500
"""Timers that readings of one transaction let ring before them, to keep the order of time between a
device and its area; beyond that, after a long stop, they ring when they are due by themselves."""


class Engine:
    """Judges subjects by rules.

    `observe` and `tick` as often as needed, then `take`, then one transaction with what was taken;
    if it fails, `discard`, and observe the same readings again. Takes new readings only, each
    device's in the order of measurement, or with `late=True`.

    Context: memories are dozens of small values each. Of thousands of devices the processor has
    none at hand, and to look for them once more at `take` cost as much as half of the judging.
    Decision: those of a device are encoded when the next device speaks, while they are at hand.
    Given up: memories kept encoded. To decode them costs what it spares.

    With `waiting`, at most that many readings of a device wait while no rule has anything to say of
    them, see `rules.lull`; 0 for none, where the store has no readings.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        register: Register,
        store: Store,
        *,
        cached: int = 100_000,
        waiting: int = 0,
    ) -> None:
        self._store = store
        self._cached = cached
        self._memories: dict[Subject, Memory] = {}
        self._open: dict[Subject, Memory] = {}
        self._sealed: dict[Subject, SavedState] = {}
        self._taken: dict[Subject, SavedState] = {}
        self._evicted: dict[Subject, Memory] = {}
        self._speaker: Subject | None = None
        self._timers = Timers(store.deadlines())
        self._room = WaitingRoom(waiting, self._timers)
        self._before = _MOST_BEFORE
        self._judge = Judge(register)
        self._areas = Areas(self._judge, self._memory, self._touch, self._arm)
        self.replace(rulebook, register)

    def replace(self, rulebook: Rulebook, register: Register) -> None:
        """Go on with other rules, limits or facts; states and timers stay as they are.

        A subject takes them over when it is looked at next: a deadline that comes earlier by it is
        noticed at its next reading or timer, or by `consider` of those `rules.retimed` names; only
        those at work take them over at once. LimitError, and nothing changes, if the limits of one
        of these contradict each other; of any other it comes later, see `Rulebook.complaints`.
        """
        profiles = Profiles(rulebook, register)
        changed = [(memory, profiles.of(subject)) for subject, memory in self._open.items()]
        for memory, profile in changed:
            memory.profile, memory.due, memory.lull = profile, 0, None
        self._register = self._judge.register = register
        self._profiles = profiles
        self._premises_kinds = rulebook.kinds_of("premises")
        self._zone_kinds = rulebook.kinds_of("area")
        self._areas.replaced()

    def deaf(self, outages: tuple[Outage, ...]) -> None:
        """Say when the service itself could hear no device: that silence was ours."""
        self._judge.outages = outages

    def observe(self, reading: Reading, *, late: bool = False) -> None:
        """Take a reading in; `late` says it is older than the newest of its device.

        It may still be of the present, if the device's clock was set back.
        """
        device, kind, measured_at, _, _ = reading
        subject = device_subject(kind, device)
        known = None if late else self._memories.get(subject)
        if known and self._is_current(known) and self._room.takes(known, reading):
            return
        if subject != self._speaker:
            self._seal()
            self._speaker = subject
        memory = self._touch(subject)
        clock = memory.clocks.get(subject[1])
        if late or (clock is not None and clock[0] > measured_at):
            present = continued(memory, reading)
            reading, late = present or reading, present is None
        taken = self._observe(memory, reading, late=late)
        self._pass_on(taken, reading, late=late)
        if taken and not late and self._is_alone(taken):
            self._room.open(memory, reading)

    def _pass_on(self, taken: Reading | None, reading: Reading, *, late: bool) -> None:
        """Let others take in a reading that a device has taken in, with what is derived of it."""
        kind = reading.kind
        reading = taken or reading
        if kind in self._premises_kinds:
            for home in self._register.homes_of(reading):
                subject = Subject("premises", home)
                if concerns(self._memory(subject), reading):
                    self._observe(self._touch(subject), reading, late=late)
        if taken and kind in self._zone_kinds:
            for zone in self._register.zones_of(reading):
                self._observe_zone(zone, reading, late=late)

    def observe_doubted(self, reading: Reading) -> None:
        """Take a reading in that contradicts one of its device and instant.

        It counts only if the device's clock was set back: then there are two such instants.
        """
        present = continued(self._touch(device_subject(reading.kind, reading.device)), reading)
        if present is not None:
            self.observe(present)

    def observe_reply(self, reply: Reply, orderer: Subject | None = None) -> None:
        """Take in the answer to a command; one told again, or to none of ours, is harmless.

        `orderer` is the subject that gave the command, None for the device itself.
        """
        memory = self._touch(orderer or device_subject(reply.kind, reply.device))
        self._carry(memory, reply.received_at)
        self._judge.answer(memory, reply)
        self._arm(memory)
        self._settle(reply.received_at)

    def consider(self, subject: Subject, now: Instant) -> None:
        """Look at what the register now says of a subject; to be told of after `replace`.

        Most are as they were, as at a restart: then nothing is to be written.
        """
        memory = self._memory(subject)
        before = memory.saved()
        self._judge.consider(memory, self._carry(memory, now))
        if memory.saved() != before:
            self._hold(memory)
        self._arm(memory)
        self._settle(now)

    def override(self, subject: Subject, sequence: str, override: Override, now: Instant) -> bool:
        """Let a person take a sequence over until an end; return whether there is such a one."""
        memory = self._touch(subject)
        done = self._judge.override(memory, sequence, override, self._carry(memory, now))
        self._arm(memory)
        self._settle(now)
        return done

    def tick(self, now: Instant, most: int = _NO_END) -> None:
        """Let time pass, for `most` timers; costs a comparison when nothing is due.

        Each subject's passes up to its timer, in the order of the timers: what happens to one may
        matter to another.
        """
        self._ring(now, most)

    def _ring(self, now: Instant, most: int) -> int:
        """Let time pass; return how many timers have rung."""
        for number in range(most):
            rung = self._timers.ring(now)
            if rung is None:
                return number
            at, subject = rung
            known = self._memories.get(subject)
            if known and self._is_current(known) and self._room.rings_early(known, at):
                continue
            memory = self._touch(subject)
            memory.armed_at = FAR
            self._judge.let_pass(memory, When(at + memory.ahead_ms, now), hearing=False)
            if memory.due < FAR:
                next_at = memory.due - memory.ahead_ms
                memory.armed_at = next_at if next_at > at else now + _AGAIN
                self._timers.arm(subject, memory.armed_at)
            self._areas.settle()
        return most

    def judge_waiting(self, most: int) -> bool:
        """Judge what waits, of `most` devices; return whether there is more."""
        found = [each.subject for each in self._memories.values() if each.waiting]
        for subject in found[:most]:
            self._touch(subject)
        return len(found) > most

    def next_deadline(self) -> Instant | None:
        """Return when `tick` has something to look at next, or None."""
        return self._timers.next()

    def reset(self, subject: Subject, rule: str, now: Instant) -> bool:
        """Reset a latch for a person; return whether there was one that could be."""
        memory = self._touch(subject)
        done = self._judge.reset(memory, rule, self._carry(memory, now))
        self._arm(memory)
        self._settle(now)
        return done

    def places_of(self, subject: Subject) -> tuple[str, ...]:
        """Return where a subject stands from the city down, its premises last."""
        return self._register.places_of(subject)

    def lives(self, subject: Subject) -> dict[str, Life]:
        """Return the alerts of a subject by rule, pending ones included."""
        return dict(self._memory(subject).lives)

    def take(self) -> Outcome:
        """Return what changed since the last take."""
        self._seal()
        outcome = Outcome(self._sealed, tuple(self._judge.effects), tuple(self._judge.failures))
        self._taken, self._sealed, self._evicted = self._sealed, {}, {}
        self._room.taken()
        self._before = _MOST_BEFORE
        self._judge.effects, self._judge.failures = [], []
        for _ in range(len(self._memories) - self._cached):
            subject = next(iter(self._memories))
            memory = self._memories.pop(subject)
            if subject in self._taken:
                self._evicted[subject] = memory
        return outcome

    def discard(self) -> None:
        """Forget what was not taken and what was taken last: the store has what is true."""
        for subject in (*self._taken, *self._sealed, *self._open):
            self._memories.pop(subject, None)
            self._timers.arm(subject, 0)
        for subject in self._room.discarded():
            self._memories.pop(subject, None)
        self._taken, self._sealed, self._open, self._evicted = {}, {}, {}, {}
        self._judge.effects, self._judge.failures = [], []
        self._judge.aftermath.clear()
        self._areas.replaced()
        self._before = _MOST_BEFORE

    def _memory(self, subject: Subject) -> Memory:
        memory = self._memories.pop(subject, None)
        if memory is None:
            memory = self._evicted.get(subject)
        if memory is None:
            memory = self._loaded(subject)
        self._memories[subject] = memory
        self._judge_waiting(memory)
        if not self._is_current(memory):
            memory.profile, memory.due = self._profiles.of(subject), 0
        return memory

    def _is_current(self, memory: Memory) -> bool:
        """Return whether a memory's rules and limits are those in force."""
        return memory.profile.edition is self._profiles.edition

    def _loaded(self, subject: Subject) -> Memory:
        profile, state = self._profiles.of(subject), self._store.load(subject)
        if state is None:
            return Memory(subject, profile)
        memory = restored(subject, profile, SavedState(state, self._timers.armed(subject)))
        if subject.scope == "device" and memory.clocks:
            memory.waiting = [*self._store.since(subject, memory.heard_at)]
        return memory

    def _touch(self, subject: Subject) -> Memory:
        memory = self._open.get(subject)
        if memory is None:
            memory = self._open[subject] = self._memory(subject)
        else:
            self._judge_waiting(memory)
        return memory

    def _judge_waiting(self, memory: Memory) -> None:
        """Judge what waits, as when it came; there is nothing to be said, as far as was known."""
        lull, memory.lull = memory.lull, None
        if not memory.waiting:
            return
        waiting, memory.waiting = memory.waiting, []
        self._hold(memory)
        if lull and pass_by(memory, waiting, lull.calm):
            self._arm(memory)
            return
        for reading in waiting:
            self._pass_on(self._observe(memory, reading, late=False), reading, late=False)

    def _hold(self, memory: Memory) -> None:
        """Take note that a memory has changed."""
        self._open[memory.subject] = memory

    def _seal(self) -> None:
        for subject, memory in self._open.items():
            self._sealed[subject] = memory.saved()
        self._open.clear()

    def _carry(self, memory: Memory, now: Instant) -> When:
        """Let a subject's time pass up to our `now`, and return that: what was due comes first."""
        when = When(now + memory.ahead_ms, now)
        if memory.due <= when.at:
            self._judge.let_pass(memory, when, hearing=False)
        return when

    def _settle(self, now: Instant) -> None:
        """Let areas hear what has just happened, after all that was due before."""
        if self._judge.aftermath:
            news, self._judge.aftermath = self._judge.aftermath, deque()
            self._catch_up(now)
            self._judge.aftermath = news
            self._areas.settle()

    def _catch_up(self, now: Instant) -> None:
        self._before -= self._ring(now, self._before)

    def _observe_zone(self, zone: str, reading: Reading, *, late: bool) -> None:
        """Let an area take a reading in. Its time is ours: of many devices no clock is its own."""
        memory = self._memory(Subject("area", zone))
        route = memory.profile.route(reading)
        if not route:
            return
        self._hold(memory)
        if late:
            self._judge.amend(memory, reading)
        else:
            when = When(reading.received_at, reading.received_at)
            if memory.due <= when.at:
                self._judge.let_pass(memory, when, hearing=False)
            self._judge.observe(memory, route, reading)
        self._arm(memory)
        self._settle(reading.received_at)

    def _observe(self, memory: Memory, reading: Reading, *, late: bool) -> Reading | None:
        """Let a subject take a reading in; None for one that it has taken in last.

        Returned with what is derived, for the subjects that share it.
        """
        device, kind, measured_at, received_at, _ = reading
        scope, name = memory.subject
        if scope != "device":
            name = f"{kind}/{device}"
        clock = memory.clocks.get(name)
        if clock is not None and clock[0] == measured_at:
            return None
        profile = memory.profile
        if late:
            self._judge.amend(memory, reading)
        else:
            due, carried_at = memory.due, received_at + memory.ahead_ms
            if due <= carried_at or due <= measured_at:
                if self._judge.is_silence_due(memory, carried_at):
                    self._catch_up(received_at)
                carried = When(carried_at, received_at)
                self._judge.let_pass(memory, carried, hearing=False)
                if memory.due <= measured_at:
                    self._judge.let_pass(memory, When(measured_at, received_at), hearing=True)
            memory.hear(name, measured_at, received_at)
            if profile.derivations:
                reading = self._judge.derived(memory, reading)
            if profile.observing:
                self._judge.advance(memory, reading)
            self._judge.observe(memory, profile.route(reading), reading)
        self._arm(memory)
        if self._judge.aftermath:
            self._settle(received_at)
        return reading

    def _is_alone(self, newest: Reading) -> bool:
        """Return whether what a device says is nothing to rules of premises or areas."""
        if newest.kind in self._zone_kinds and self._register.zones_of(newest):
            return False
        if newest.kind not in self._premises_kinds:
            return True
        homes = (
            self._memory(Subject("premises", home)) for home in self._register.homes_of(newest)
        )
        return not any(concerns(home, newest) for home in homes)

    def _arm(self, memory: Memory) -> None:
        """Let the subject's timer ring when it wants time to pass, or before.

        `due` is found anew at each reading: one kept from before is too early by then, and with the
        slots of a day, all heard at once, would ring earlier with each of them.
        """
        memory.due = due = due_of(memory)
        at = due - memory.ahead_ms
        if at < memory.armed_at and due < FAR:
            self._timers.arm(memory.subject, at)
            memory.armed_at = at
