"""Conditions: is the fault there? Pure, with their state as an argument."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

from devices.instant import Instant
from devices.reading import Reading
from rules.finding import Finding
from rules.moment import Moment

State: TypeAlias = Any
"""A JSON value whose shape its condition alone knows; it comes back from the journal as such, with
lists where tuples were. Never changed in place: a rolled-back batch must leave no trace."""

Verdict: TypeAlias = tuple[State, Finding | None]
FOR_EVER: Instant = 1 << 62
"""For `calm_until`: at any time."""


class Condition(Protocol):
    """Whether something is the matter with a subject.

    None instead of a finding says "as before, and known". A condition that finds something, or
    cannot judge, says so at every reading; that all is clear it says once, when it changes. A state
    equal to `start()` is not saved, so that a subject that is well takes no room.
    """

    def start(self) -> State:
        """Return the state of a subject never seen."""

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a reading, newer than all before of its device."""

    def tick(self, state: State, moment: Moment) -> Verdict:
        """Let time pass up to the moment."""

    def deadline(self, state: State) -> Instant | None:
        """Return when `tick` may find something, in device time, or None."""


class Calm(NamedTuple):
    """Readings of which a condition has nothing to say, whatever else they say.

    Those with each field that they have strictly within its `bounds`, each text as in `texts`, and
    the fields in `steady` as they were. Bounds of derived values are named by them: of `WATER_USE`
    in L/h, for a slot; see `rules.water_use` for `STANDING_FLOW`. `stays`: they leave the state as
    it is; `by_last`: the last of them alone makes it what they all do. `renews_ms`: each moves the
    deadline to so long after itself at the earliest; 0 for not.
    """

    bounds: tuple[tuple[str, float, float], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    steady: tuple[str, ...] = ()
    stays: bool = False
    by_last: bool = False
    renews_ms: int = 0


class Calming(Protocol):
    """A condition that can say beforehand which readings are nothing to it, see `rules.lull`."""

    @property
    def calm(self) -> Calm | None:
        """Those readings; None if it can't say after all."""

    def calm_until(self, state: State, at: Instant) -> Instant:
        """Return until when they are nothing to a state as of `at`, its newest reading; 0 for not.

        Those measured before, in order. Nor does `deadline` come before, but for the one there is,
        unless they renew it.
        """


class Silence(NamedTuple):
    """Since when a device is silent, in our time, and how grave that is by itself."""

    since: Instant
    severity: int


Tally: TypeAlias = Mapping[tuple[str, int, int], int]
"""How many silent devices there are of a kind, since an hour, of a severity. The hours count from
1970-01-01T00:00Z. What is looked at whenever a device falls silent must not take as long as there
are devices."""


class Roll(NamedTuple):
    """The silent devices of an area, by `<kind>/<device>`, and their tally."""

    devices: Mapping[str, Silence]
    tally: Tally


class Timeless:
    """What a condition inherits that nothing but a reading changes."""

    def tick(self, state: State, moment: Moment) -> Verdict:  # noqa: ARG002 time changes nothing
        """Return the state as it is."""
        return state, None

    def deadline(self, state: State) -> Instant | None:  # noqa: ARG002 never
        """Return None."""
        return None


class Amendable(Protocol):
    """A condition that also takes in readings older than the newest of their device."""

    def amend(self, state: State, reading: Reading) -> Verdict:
        """Take in a late reading; a clear finding says that what was found has not been there."""


class Returning(Protocol):
    """A condition that counts for how long nobody shows; it has `returned`, where others have not.

    While an absence lasts that was told beforehand, the alert is suppressed as any other.
    """

    def returned(self, state: State, at: Instant) -> State:
        """Return the state after an absence that ended at `at`: from then on it counts anew."""


class Reliving(Protocol):
    """A condition that can judge slots that come late as a run of their own, see `rules.late`."""

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Take in a slot of the run."""

    def past(self, state: State) -> State:
        """Return the state with which a run begins: what was learnt, and nothing under way."""

    def adopted(self, state: State, past: State) -> State:
        """Return the present state once the run has found something: what is clear now ends it."""


class Awaiting(Protocol):
    """A condition that can find something of a device that was never heard."""

    def expect(self, state: State, since: Instant | None, at: Instant) -> Verdict:
        """Expect a device never heard since then; told again, and when that changes, at `at`.

        None for one that is not expected, or no longer. Times before the first `at` do not count.
        """


class Mustering(Protocol):
    """A condition of an area that also looks at which of its devices are silent."""

    def muster(self, state: State, roll: Roll, at: Instant) -> Verdict:
        """Look at them after one fell silent or was heard again; `at` is our time."""

    def covers(self, state: State, since: Instant) -> bool:
        """Return whether what is found stands for a device silent since then."""
