"""Lulls: stretches in which readings wait, because no rule has anything to say of them.

Context: nearly every reading is one that nothing follows from. To judge each by all rules as it
comes, and to save anew what they remember of its device, cost 20 us a reading, most of it for
memory that the processor does not have at hand.
Decision: a condition can say beforehand which readings will be nothing to it (`Calming`). Where
all rules of a device can, readings are looked over, and those within all bounds wait; they are
judged in order, with what they were judged by if they had not waited, before anything else is
judged of the device, after some, and after a day at the latest. What is saved of it meanwhile is
its state before them: who loads it takes them from the journal, which has had them all along.
Given up: a saved state that is always as new as the newest reading; limits that were in force when
a reading came, where a process ends between a change of limits and the next word of a device.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, milliseconds_of
from devices.reading import Reading
from rules.bound import Bound, Calmings, Which
from rules.condition import FOR_EVER, State
from rules.conditions.never import Never
from rules.derived import Guard
from rules.due import first_due
from rules.late import forget
from rules.lifecycle import Phase
from rules.memory import Memory

MOST_WAITING = 24
"""Readings of a device that wait at the most: a day of an hourly meter."""
_new = tuple.__new__
_EARLY_MS = milliseconds_of(timedelta(hours=3))
LONGEST_MS = milliseconds_of(timedelta(days=1))
"""A device that falls silent leaves none waiting for longer."""


class Terms(NamedTuple):
    """What readings may say, until when they may wait, and time may pass without a tick."""

    calm: Calmings
    guards: Sequence[Guard]
    until: Instant
    latest: Instant


class Lull:
    """The bounds within which readings of a device wait.

    `armed_at`, our time, is when its timer rings at the latest: that is set early, so that a delay
    that varies does not set it with each reading.
    """

    __slots__ = (
        "_ahead_ms",
        "_at",
        "_bounds",
        "_due",
        "_fields",
        "_guards",
        "_latest",
        "_renews_ms",
        "_same",
        "_until",
        "armed_at",
        "calm",
    )

    def __init__(self, memory: Memory, newest: Reading, terms: Terms) -> None:
        calm, self._guards, self._until, self._latest = terms
        self.calm, self._at, self._ahead_ms = calm, newest.measured_at, memory.ahead_ms
        self._renews_ms = calm.renews_ms
        self._renew()
        self.armed_at = memory.armed_at
        self._set_timer()
        self._fields, self._bounds, self._same = calm.fields, calm.bounds, calm.texts
        if calm.steady:
            self._same += tuple((name, newest.values[name]) for name in calm.steady)

    def admits(self, reading: Reading) -> bool:
        """Return whether a reading can wait; one that can is the newest from then on."""
        _, _, at, received_at, values = reading
        if not self._at < at < self._until or values.keys() != self._fields:
            return False
        if received_at + self._ahead_ms >= self._due or at >= self._due:
            return False
        for name, low, high in self._bounds:
            if not low < values[name] < high:  # type: ignore[operator]
                return False
        for name, value in self._same:
            if values[name] != value:
                return False
        for guard in self._guards:
            if not guard.admits(at, values):
                return False
        self._at = at
        self._ahead_ms = ahead_ms = at - received_at
        self._renew()
        if self._due - ahead_ms < self.armed_at:
            self._set_timer()
        return True

    @property
    def rings_at(self) -> Instant:
        """When, in our time, the device's timer has to ring."""
        return self._due - self._ahead_ms

    def _renew(self) -> None:
        """Find until when, in device time, time may pass without a tick after the newest."""
        self._due = min(self._latest, self._at + self._renews_ms)

    def _set_timer(self) -> None:
        self.armed_at = min(self.armed_at, self.rings_at - _EARLY_MS)


def lull_of(memory: Memory, newest: Reading) -> Lull | None:
    """Return the bounds within which readings may wait after the newest, None if none may."""
    if memory.lives and any(life.phase is not Phase.INACTIVE for life in memory.lives.values()):
        return None
    calm = memory.profile.calming(newest)
    if calm is None:
        return None
    guards: list[Guard] = []
    for name, guard_of in calm.guards:
        guard = guard_of(memory.derived.get(name), newest, calm.below)
        if guard is None:
            return None
        guards.append(guard)
    terms = _terms(memory, newest.measured_at, calm, guards)
    return terms and Lull(memory, newest, terms)


def _terms(memory: Memory, at: Instant, calm: Calmings, guards: Sequence[Guard]) -> Terms | None:
    """Return on what terms readings may wait after an instant; None if none may."""
    states, derived, until = memory.states, memory.derived, FOR_EVER
    for name, until_of in calm.derived:
        until = min(until, until_of(derived.get(name), at))
    if until <= at:
        return None
    if calm.rare:
        memory.wake()
    latest = min(first_due(calm.timed, states), at + LONGEST_MS)
    for name, start, calm_until, timed in calm.rules:
        of_rule = calm_until(states.get(name, start), at)
        if of_rule <= at:
            return None
        until = min(until, of_rule)
        if timed and of_rule < latest:
            latest = of_rule
    return Terms(calm, guards, until, latest)


def concerns(home: Memory, reading: Reading) -> bool:
    """Return whether a rule of premises has to do with a reading; what none reads ages none.

    Or a sequence that heeds it.
    """
    for name, rule, _ in home.profile.observing:
        if (
            rule.heeds is not None
            and name in home.states
            and rule.heeds(home.states[name], reading)
        ):
            return True
    return any(
        name in home.states or not isinstance(bound.condition, Never)
        for name, _, _, bound in home.profile.route(reading)
    )


def pass_by(memory: Memory, waiting: Sequence[Reading], calm: Calmings) -> bool:
    """Take in readings that have waited; False, and nothing is changed, if one is to be judged.

    What is derived of them comes first, then one rule after the other takes them all.
    """
    readings = [
        _new(Reading, (device, kind, measured_at, received_at, {**values}))
        for device, kind, measured_at, received_at, values in waiting
    ]
    try:
        taken = _derived(memory, readings, calm)
        states = taken and _states(memory, taken.by, calm)
    except Exception:  # noqa: BLE001 the wall around plug-in conditions; to judge them says which
        return False
    if not taken or states is None:
        return False
    memory.derived = taken.states
    for bound, state in states:
        memory.keep(bound, state)
    for reading in taken.by["rare"][-1:]:
        forget(memory, reading.received_at)
    _, _, measured_at, received_at, _ = waiting[-1]
    memory.hear(memory.subject.id, measured_at, received_at)
    return True


class _Taken(NamedTuple):
    """The states of what is derived after readings that waited, and which of these are which."""

    states: dict[str, object]
    by: Mapping[Which, Sequence[Reading]]


def _derived(memory: Memory, readings: Sequence[Reading], calm: Calmings) -> _Taken | None:
    """Add to readings what is derived of them; None for what was not to be expected."""
    states, rare = memory.derived.copy(), []
    for name, of, is_rare in memory.profile.derivations:
        state = states.get(name)
        for reading in readings:
            state, value = of(state, reading)
            if value is None:
                continue
            if is_rare:
                if name not in calm.rare:
                    return None
                rare.append(reading)
            reading.values[name] = value  # type: ignore[index]  # a copy of its own
        states[name] = state
        if state is None:
            del states[name]
    if rare:
        memory.wake()
    return _Taken(states, {"all": readings, "last": readings[-1:], "rare": rare})


def _states(
    memory: Memory, taken: Mapping[Which, Sequence[Reading]], calm: Calmings
) -> list[tuple[Bound, State]] | None:
    """Return the states of the rules that readings move; None if there is a finding."""
    states, after = memory.states, []
    for bound, which in calm.moved:
        state, observe = states.get(bound.name, bound.start), bound.observe
        for reading in taken[which]:
            state, finding = observe(state, reading)
            if finding is not None:
                return None
        after.append((bound, state))
    return after
