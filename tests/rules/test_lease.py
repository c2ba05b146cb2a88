"""Laws of leases: whatever is lost or restarted, in the end a door opens as long as the lease."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.message import Reply, Result
from rules.bound import Rulebook
from rules.casefile import AREAS, ELSEWHERE, PREMISES, SavedStates
from rules.effect import AlertChange, Command, Proof
from rules.engine import Engine
from rules.library.lease.authorisation import REVOKE
from rules.library.lease.rule import RULE
from rules.lifecycle import Transition
from rules.register import Lease, PremisesFacts, TableRegister
from rules.shared_doors import with_shared_doors
from rules.subject import Subject

START = 1_772_380_800_000
SECOND = 1_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
HOME = Subject("premises", PREMISES)
PERSON, DOORS = "p-1", ("door-1", "door-2")


class Event(NamedTuple):
    """What happens, so long after the event before."""

    after_ms: int
    name: str
    ends_in_ms: int
    home: str = PREMISES


EVENTS = st.lists(
    st.builds(
        Event,
        st.sampled_from((1, SECOND, 30 * SECOND, 60 * SECOND, HOUR, HOUR, DAY)),
        st.sampled_from(("answer", "refuse", "obey silently", "lose", "renew", "restart", "wait")),
        st.sampled_from((-40 * DAY, -1, 0, SECOND, DAY, 29 * DAY, 400 * DAY)),
        st.sampled_from((PREMISES, ELSEWHERE)),
    ),
    max_size=12,
)


class Story:
    """An engine with its journal, and two doors that may or may not hear and answer.

    The person has a lease of one dwelling, and of another once that is renewed.
    """

    def __init__(self) -> None:
        self.now: int = START
        self.ends: dict[str, int] = {PREMISES: START + DAY}
        self.store = SavedStates()
        self.orders: list[tuple[int, Command]] = []
        self.changes: list[AlertChange] = []
        self.proofs: list[Proof] = []
        self.revoked: dict[str, bool] = dict.fromkeys(DOORS, False)
        self._waiting: list[Command] = []
        self.restart()
        self._consider()

    def play(self, events: Sequence[Event]) -> "Story":
        for event in events:
            self.pass_time(event.after_ms)
            if event.name == "renew":
                self.ends[event.home] = self.now + event.ends_in_ms
                self.engine.replace(Rulebook(sequences=(RULE,)), self._register())
                self._consider()
            elif event.name == "restart":
                self.restart()
            elif event.name == "lose":
                self._waiting.clear()
            elif event.name != "wait":
                self.hear(event.name)
        return self

    def pass_time(self, milliseconds: int) -> None:
        until = self.now + milliseconds
        while (at := self.engine.next_deadline()) is not None and at <= until:
            self.now = max(self.now, at)
            self.engine.tick(self.now)
            self._commit()
        self.now = until

    def hear(self, how: str) -> None:
        """Let the doors hear what waits, in order; an expired order is not obeyed."""
        waiting, self._waiting = self._waiting, []
        for order in waiting:
            result: Result = "done"
            if self.now > order.expires_at:
                result = "expired"
            elif how == "refuse":
                result = "refused"
            else:
                self.revoked[order.device] = order.command == REVOKE
            if how != "obey silently":
                reply = Reply(
                    "door", order.device, order.identity, result, None, self.now, self.now
                )
                self.engine.observe_reply(reply, order.orderer)
                self.engine.observe_reply(reply, order.orderer)
                self._commit()

    def restart(self) -> None:
        """Begin anew from the saved bytes, and look at the registry as at any start."""
        self.engine = Engine(Rulebook(sequences=(RULE,)), self._register(), self.store)

    def end(self) -> "Story":
        """Let more than an hour pass in which both doors hear and answer everything."""
        for _ in range(70):
            self.hear("answer")
            self.pass_time(60 * SECOND)
        return self

    def _register(self) -> TableRegister:
        leases = {home: (Lease(PERSON, end, DOORS),) for home, end in self.ends.items()}
        homes = {
            home: PremisesFacts(areas=AREAS, leases=own)
            for home, own in with_shared_doors(leases, {}).items()
        }
        return TableRegister({}, homes)

    def _consider(self) -> None:
        for home in self.ends:
            self.engine.consider(Subject("premises", home), self.now)
        self._commit()

    def _commit(self) -> None:
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        for effect in outcome.effects:
            if isinstance(effect, Command):
                self.orders.append((self.now, effect))
                self._waiting.append(effect)
            elif isinstance(effect, AlertChange):
                self.changes.append(effect)
            elif isinstance(effect, Proof):
                self.proofs.append(effect)


@given(EVENTS)
@example([Event(DAY, "renew", -40 * DAY, ELSEWHERE), Event(HOUR, "renew", -1, ELSEWHERE)])
@settings(deadline=None, max_examples=100)
def test_in_the_end_a_door_opens_exactly_as_long_as_any_lease(events: list[Event]) -> None:
    story = Story().play(events).end()
    ends_at = max(story.ends.values())
    assert story.revoked == dict.fromkeys(DOORS, ends_at <= story.now)
    silent = len(story.orders)
    story.pass_time(6 * HOUR)
    if ends_at > story.now or ends_at < story.now - 6 * HOUR:
        assert len(story.orders) == silent


@pytest.mark.parametrize("ends", [(2, 3), (3, 2), (2, 2)])
def test_a_door_of_two_dwellings_is_told_once_to_refuse_when_the_last_lease_ends(
    ends: tuple[int, int],
) -> None:
    story = Story()
    for home, days in zip((PREMISES, ELSEWHERE), ends, strict=True):
        story.play([Event(0, "renew", days * DAY, home)])
    for _ in range(4):
        story.pass_time(DAY)
        story.hear("answer")
    last = START + max(ends) * DAY
    assert [(at, order.device, order.command) for at, order in story.orders] == [
        (last, door, REVOKE) for door in DOORS
    ]


@pytest.mark.parametrize(("until", "ordered"), [(None, False), (3 * DAY, True), (-DAY, True)])
def test_a_door_opens_as_long_as_an_authorisation_without_a_lease_says(
    until: int | None, *, ordered: bool
) -> None:
    ends = dict.fromkeys(((PERSON, door) for door in DOORS), START + (until or 400 * DAY))
    leases = with_shared_doors({PREMISES: (Lease(PERSON, START + DAY, DOORS),)}, ends)
    story = Story()
    facts = {PREMISES: PremisesFacts(areas=AREAS, leases=leases[PREMISES])}
    story.engine.replace(Rulebook(sequences=(RULE,)), TableRegister({}, facts))
    story.engine.consider(HOME, START)
    story.pass_time(4 * DAY)
    assert ({order.command for _, order in story.orders} == {REVOKE}) is ordered
    if ordered:
        assert min(at for at, _ in story.orders) == START + max(DAY, until or 0)


@given(EVENTS)
@settings(deadline=None, max_examples=80)
def test_no_order_is_repeated_before_it_has_expired_or_was_answered(events: list[Event]) -> None:
    story = Story().play(events)
    identities = [order.identity for _, order in story.orders]
    assert len(set(identities)) == len(identities)
    assert all(at < order.expires_at for at, order in story.orders)
    assert {proof.identity for proof in story.proofs} <= set(identities)


@given(EVENTS)
@settings(deadline=None, max_examples=60)
def test_a_restart_after_any_event_changes_no_order_and_no_alert(events: list[Event]) -> None:
    one, other = Story(), Story()
    for event in events:
        one.play([event])
        other.play([event])
        other.restart()
    assert other.orders == one.orders
    assert other.changes == one.changes


def test_each_step_of_each_tenant_is_told_under_their_name_and_from_its_instant() -> None:
    leases = tuple(Lease(person, START + days * DAY) for person, days in (("a", 31), ("b", 41)))
    facts = {PREMISES: PremisesFacts(areas=AREAS, leases=leases)}
    story = Story()
    story.changes.clear()
    story.engine.replace(Rulebook(sequences=(RULE,)), TableRegister({}, facts))
    story.engine.consider(HOME, START)
    story.engine.take()
    story.pass_time(80 * DAY)
    told = [
        (round((change.at - START) / DAY), change.rule, change.evidence["person"])
        for change in story.changes
        if change.transition in (Transition.RAISED, Transition.ESCALATED)
    ]
    ending = [(1, "a"), (11, "b"), (24, "a"), (30, "a"), (34, "b"), (40, "b")]
    ended = [(31, "a"), (41, "b")]
    assert told == sorted(
        [(day, "lease_ending", person) for day, person in ending]
        + [(day, "lease_ended", person) for day, person in ended]
    )
    starts = {change.start for change in story.changes}
    assert starts == {START + day * DAY for day in (1, 11, 30, 31, 40, 41)}


def test_a_dwelling_with_a_lease_takes_little_room() -> None:
    story = Story()
    story.play([Event(0, "renew", 400 * DAY)])
    saved = story.store.load(HOME)
    assert saved is not None
    assert len(saved) < 200


def test_a_dwelling_of_which_nothing_is_new_is_not_written_again() -> None:
    story = Story()
    story.restart()
    story.engine.consider(HOME, START)
    assert story.engine.take().states == {}
