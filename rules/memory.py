"""Memory: the state of one subject, as it is judged and as it is saved."""

from typing import TYPE_CHECKING, NamedTuple

import orjson

from devices.instant import Instant
from rules.bound import Bound, Profile
from rules.condition import State
from rules.lifecycle import Life, life_of, saved_of
from rules.older import BEFORE, bring_up
from rules.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devices.reading import Reading
    from rules.lull import Lull

VERSION = 3
FAR = 1 << 62
"""Later than any instant."""
PAST = "@past"
"""Where runs of late slots stand among the states, so that what is well takes no room; no rule is
called so. See `rules.late`."""
_new = tuple.__new__
"""Makes a named tuple at a third of the cost."""


class SavedState(NamedTuple):
    """What the journal keeps of a subject. `deadline` is our time; it may be early, never late."""

    state: bytes
    deadline: Instant | None


class Memory:
    """All rule state of one subject.

    `clocks` holds, by `<kind>/<device>`, `measured_at` and `received_at` of the newest reading.
    `due` is when, in device time, a rule wants time to pass; it may be early. States are never
    changed in place; some rest between the readings that matter to them, see `wake`. What is
    missing in `states` is as its condition starts, and what is missing in `lives` is no alert.
    `derived` holds, by name, the states of derived values. `armed_at`, our time, is when its timer
    rings at the latest. `waiting` are readings yet to be judged, and `lull` says which may wait as
    well, None for none; neither is saved.
    """

    __slots__ = (
        "ahead_ms",
        "armed_at",
        "awake",
        "clocks",
        "derived",
        "due",
        "lives",
        "lull",
        "profile",
        "states",
        "subject",
        "waiting",
    )

    def __init__(self, subject: Subject, profile: Profile) -> None:
        self.subject = subject
        self.profile = profile
        self.clocks: dict[str, Sequence[Instant]] = {}
        self.states: dict[str, object] = {}
        self.lives: dict[str, Life] = {}
        self.derived: dict[str, object] = {}
        self.ahead_ms = 0
        self.due: Instant = FAR
        self.armed_at: Instant = FAR
        self.awake = True
        self.lull: Lull | None = None
        self.waiting: list[Reading] = []

    def hear(self, device: str, measured_at: Instant, received_at: Instant) -> None:
        """Take note of the newest reading of a device. The slowest clock is the subject's."""
        self.clocks[device] = (measured_at, received_at)
        if len(self.clocks) == 1:
            self.ahead_ms = measured_at - received_at
        else:
            self.carried()

    def carried(self) -> None:
        """Work out how far the slowest clock is ahead of ours."""
        for place, (measured_at, received_at) in enumerate(self.clocks.values()):
            ahead_ms = measured_at - received_at
            self.ahead_ms = min(self.ahead_ms, ahead_ms) if place else ahead_ms

    @property
    def heard_at(self) -> Instant:
        """The newest instant of any of its devices, 0 for none."""
        return max((measured_at for measured_at, _ in self.clocks.values()), default=0)

    def kept(self, bound: Bound) -> tuple[State, Life | None]:
        """Return the state of a rule, and its alert, None for none."""
        return self.states.get(bound.name, bound.start), self.lives.get(bound.name)

    def keep(self, bound: Bound, state: State) -> None:
        """Keep the state of a rule; one as its condition starts takes no room."""
        if state == bound.start:
            self.states.pop(bound.name, None)
        else:
            self.states[bound.name] = state

    def wake(self) -> None:
        """Make the states that rest fit to be asked for.

        Context: a rule of days or nights keeps dozens of values, and they were encoded anew at each
        reading, though one or two readings of a day change them.
        Decision: once encoded, such a state stays so until the next reading that it is about.
        """
        if self.awake:
            return
        self.awake = True
        for name, state in self.states.items():
            if isinstance(state, orjson.Fragment):
                self.states[name] = orjson.loads(orjson.dumps(state))

    def _rest(self) -> None:
        self.awake = False
        for name in self.profile.resting:
            state = self.states.get(name)
            if state is not None:
                self.states[name] = orjson.Fragment(orjson.dumps(state, default=tuple))

    def saved(self) -> SavedState:
        """Return the state as JSON, and when the timer rings."""
        if self.awake:
            self._rest()
        lives: dict[str, Life | Instant] = {}
        if self.lives:
            lives = {name: saved_of(life) for name, life in self.lives.items()}
        whole = (VERSION, self.clocks, self.states, lives, self.derived)
        armed_at = self.armed_at if self.armed_at < FAR else None
        return _new(SavedState, (orjson.dumps(whole, default=tuple), armed_at))


def restored(subject: Subject, profile: Profile, saved: SavedState) -> Memory:
    """Return a subject as it was saved, by the release before as well; ValueError for others.

    The states of rules no longer in force are kept: they may come back.
    """
    version, *parts = orjson.loads(saved.state)
    if version not in (BEFORE, VERSION):
        raise ValueError(f"state of {subject}: expected version {VERSION}, found {version}")
    memory = Memory(subject, profile)
    memory.clocks, memory.states, lives, memory.derived = parts
    if version == BEFORE:
        bring_up(memory.states, memory.derived)
    if lives:
        memory.lives = {name: life_of(life) for name, life in lives.items()}
    memory.carried()
    if saved.deadline is not None:
        memory.armed_at = saved.deadline
    memory.due = 0
    return memory


def without(state: bytes, rules: "Iterable[str]") -> bytes:
    """Return a saved state in which these rules have judged nothing yet."""
    version, clocks, states, lives, derived = orjson.loads(state)
    for rule in rules:
        states.pop(rule, None)
        states.get(PAST, {}).pop(rule, None)
        lives.pop(rule, None)
    return orjson.dumps((version, clocks, states, lives, derived))
