"""Laws of the whole library at once: whatever breaks down in between, the same is told."""

from functools import partial
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.town import (
    ALL,
    EVENTS,
    HOUR,
    MINUTE,
    RULES,
    START,
    Arrival,
    Event,
    Town,
    arrivals,
    lived,
)

END = START + 4_000 * HOUR
PLACES = st.frozensets(st.integers(0, 99), max_size=25)


class Trouble(NamedTuple):
    """At which arrivals the process dies, commits fail, the register is read anew, they repeat."""

    restarts: frozenset[int]
    failures: frozenset[int]
    renewals: frozenset[int]
    repeats: frozenset[int]


TROUBLE = st.builds(Trouble, PLACES, PLACES, PLACES, PLACES)


def troubled(arrived: list[Arrival], trouble: Trouble, changes: frozenset[int]) -> Town:
    """A town with a cache of two subjects, in which all this goes wrong."""
    town = Town(ALL, cached=2)
    for number, arrival in enumerate(arrived):
        now = arrival.reading.received_at
        if number in trouble.restarts:
            town.restart(now)
        if number in trouble.renewals:
            town.renew()
        if number in changes:
            town.change(now)
        fails = number in trouble.failures
        town.attempt(partial(town.engine.tick, now), fails=fails)
        command = town.last_command()
        town.attempt(partial(town.take_in, arrival, command), fails=fails)
        if number in trouble.repeats and not (arrival.late or arrival.doubted):
            town.take_in(arrival, command)
            town.commit()
    return town


@given(EVENTS, TROUBLE, st.frozensets(st.integers(0, 99), max_size=4))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_deaths_failed_commits_and_new_registers_change_nothing(
    events: list[Event], trouble: Trouble, changes: frozenset[int]
) -> None:
    arrived = arrivals(events)
    calm, rough = lived(Town(ALL), arrived, changes), troubled(arrived, trouble, changes)
    assert rough.told() == calm.told()
    assert rough.states() == calm.states()


@given(EVENTS, st.lists(st.integers(0, 300 * 60), max_size=12))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_how_often_somebody_looks_changes_nothing_but_when_we_know(
    events: list[Event], looks: list[int]
) -> None:
    arrived = arrivals(events)
    seldom, often = Town(RULES), Town(RULES)
    ahead = sorted(looks, reverse=True)
    for arrival in arrived:
        seldom.take_in(arrival, None)
        now = arrival.reading.received_at
        while ahead and START + ahead[-1] * MINUTE < now:
            often.engine.tick(START + ahead.pop() * MINUTE + 1)
            often.commit()
        often.engine.tick(now)
        often.take_in(arrival, None)
        often.commit()
    for town in (seldom, often):
        town.engine.tick(END)
        town.commit()
    assert often.told() == seldom.told()
    assert often.states() == seldom.states()
