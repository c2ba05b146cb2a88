"""Laws of the alert's life: every transition as a row, then what holds for any history."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.finding import Finding, clear, unknown
from rules.lifecycle import (
    NEVER,
    Life,
    Phase,
    Policy,
    Step,
    Transition,
    aged,
    amended,
    due,
    heard,
    judged,
    life_of,
    lost,
    passed,
    quieted,
    reset,
    saved_of,
)
from rules.severity import Severity

POLICY = Policy(hold=10, keep=100, stale_after=1_000, latch_from=Severity.CRITICAL)
NOTICE, WARNING, CRITICAL = Severity

PENDING = Life(Phase.PENDING, 5, 5, 5, severity=2, latest=2)
FIRING = Life(Phase.FIRING, 5, 5, 15, severity=2, latest=2)
EASING = FIRING._replace(latest=0, below_at=20)
HALF_EASING = FIRING._replace(latest=1, below_at=20, peak=1)
LATCHED = FIRING._replace(severity=3, latest=3, latched=True)
LATCHED_HALF = LATCHED._replace(latest=2, below_at=20, peak=2)
LATCHED_CLEAR = LATCHED._replace(latest=0, below_at=20)
CLEARED = LATCHED_CLEAR._replace(cleared=True)
STALE = FIRING._replace(phase=Phase.STALE)
QUIET = FIRING._replace(quiet_until=50)
ENDED = Life(ended_at=90)


def found(severity: Severity, at: int) -> Finding:
    return Finding(severity, at, at)


def sure(severity: Severity, at: int) -> Finding:
    return Finding(severity, at, at, confirmed=True)


def after(finding: Finding) -> Callable[[Life], Step]:
    return lambda life: judged(life, finding, POLICY)


def at(instant: int) -> Callable[[Life], Step]:
    return lambda life: passed(life, instant, POLICY)


ROWS: list[tuple[str, Life, Callable[[Life], Step], Phase, int, list[Transition]]] = [
    ("nothing stays nothing", NEVER, after(clear(5)), Phase.INACTIVE, 0, []),
    ("not known stays nothing", NEVER, after(unknown(5)), Phase.INACTIVE, 0, []),
    ("found is pending", NEVER, after(found(WARNING, 5)), Phase.PENDING, 2, []),
    ("certain fires", NEVER, after(sure(WARNING, 5)), Phase.FIRING, 2, [Transition.RAISED]),
    ("pending ends when clear", PENDING, after(clear(8)), Phase.INACTIVE, 0, []),
    ("pending ends when lost", PENDING, after(unknown(8)), Phase.INACTIVE, 0, []),
    ("pending ends when stale", PENDING, at(1_005), Phase.INACTIVE, 0, []),
    ("pending stays within the hold", PENDING, after(found(WARNING, 14)), Phase.PENDING, 2, []),
    ("pending takes the severity", PENDING, after(found(NOTICE, 14)), Phase.PENDING, 1, []),
    ("the hold ends by time", PENDING, at(15), Phase.FIRING, 2, [Transition.RAISED]),
    ("the hold lasts", PENDING, at(14), Phase.PENDING, 2, []),
    ("it ends by data", PENDING, after(found(CRITICAL, 15)), Phase.FIRING, 3, [Transition.RAISED]),
    ("certainty ends it", PENDING, after(sure(WARNING, 6)), Phase.FIRING, 2, [Transition.RAISED]),
    ("firing goes on", FIRING, after(found(WARNING, 30)), Phase.FIRING, 2, []),
    ("up at once", FIRING, after(found(CRITICAL, 30)), Phase.FIRING, 3, [Transition.ESCALATED]),
    ("clear is not resolved", FIRING, after(clear(30)), Phase.FIRING, 2, []),
    ("resolved after keep", EASING, at(120), Phase.INACTIVE, 0, [Transition.RESOLVED]),
    ("by data too", EASING, after(clear(120)), Phase.INACTIVE, 0, [Transition.RESOLVED]),
    ("not before", EASING, at(119), Phase.FIRING, 2, []),
    ("down after keep", HALF_EASING, at(120), Phase.FIRING, 1, [Transition.EASED]),
    ("lost while firing", FIRING, after(unknown(30)), Phase.STALE, 2, [Transition.LOST]),
    ("lost by time", FIRING, at(1_015), Phase.STALE, 2, [Transition.LOST]),
    ("lost while easing", EASING, after(unknown(30)), Phase.STALE, 2, [Transition.LOST]),
    ("stale never resolves", STALE, at(10_000_000), Phase.STALE, 2, []),
    ("data is back", STALE, lambda life: heard(life, 40), Phase.FIRING, 2, [Transition.REGAINED]),
    ("back and clear", STALE, after(clear(40)), Phase.FIRING, 2, [Transition.REGAINED]),
    (
        "time brings no data",
        STALE,
        lambda x: aged(x, found(WARNING, 9), POLICY),
        Phase.STALE,
        2,
        [],
    ),
    (
        "but it may make worse",
        STALE,
        lambda life: aged(life, found(CRITICAL, 9), POLICY),
        Phase.STALE,
        3,
        [Transition.ESCALATED],
    ),
    (
        "back and worse",
        STALE,
        after(found(CRITICAL, 40)),
        Phase.FIRING,
        3,
        [Transition.REGAINED, Transition.ESCALATED],
    ),
    ("a latch holds", LATCHED_CLEAR, at(10_000), Phase.STALE, 3, [Transition.LOST]),
    (
        "a latch that is clear says so",
        LATCHED_CLEAR,
        at(500),
        Phase.FIRING,
        3,
        [Transition.CLEARED],
    ),
    ("it says so once", CLEARED, at(600), Phase.FIRING, 3, []),
    ("not before its keep", LATCHED_CLEAR, at(119), Phase.FIRING, 3, []),
    ("it is back", CLEARED, after(found(WARNING, 600)), Phase.FIRING, 3, [Transition.RECURRED]),
    ("it stays clear", CLEARED, after(clear(600)), Phase.FIRING, 3, []),
    ("a latch does not ease", LATCHED_HALF, at(500), Phase.FIRING, 3, []),
    (
        "what is less first counts from when it is clear",
        LATCHED_HALF,
        lambda life: passed(judged(life, clear(450), POLICY)[0], 549, POLICY),
        Phase.FIRING,
        3,
        [],
    ),
    (
        "a reset lets it go",
        LATCHED_CLEAR,
        lambda life: reset(life, 500, POLICY),
        Phase.INACTIVE,
        0,
        [Transition.RESET, Transition.RESOLVED],
    ),
    (
        "after its keep",
        LATCHED_CLEAR,
        lambda life: reset(life, 30, POLICY),
        Phase.FIRING,
        3,
        [Transition.RESET],
    ),
    ("no reset in danger", LATCHED, lambda life: reset(life, 500, POLICY), Phase.FIRING, 3, []),
    ("no latch, no reset", FIRING, lambda life: reset(life, 500, POLICY), Phase.FIRING, 2, []),
    (
        "no reset unseen",
        LATCHED._replace(phase=Phase.STALE, latest=0),
        lambda life: reset(life, 500, POLICY),
        Phase.STALE,
        3,
        [],
    ),
    (
        "quiet",
        FIRING,
        lambda life: quieted(life, 50, 20),
        Phase.SUPPRESSED,
        2,
        [Transition.SUPPRESSED],
    ),
    ("once", QUIET, lambda life: quieted(life, 60, 20), Phase.SUPPRESSED, 2, []),
    ("over", QUIET, at(50), Phase.FIRING, 2, [Transition.RESUMED]),
    ("called off", QUIET, lambda life: quieted(life, 0, 20), Phase.FIRING, 2, [Transition.RESUMED]),
    ("nothing to keep quiet", PENDING, lambda life: quieted(life, 50, 6), Phase.PENDING, 2, []),
    (
        "late data raises",
        NEVER,
        lambda life: amended(life, found(WARNING, 5), POLICY),
        Phase.FIRING,
        2,
        [Transition.RAISED_LATE],
    ),
    (
        "late data excuses",
        FIRING,
        lambda life: amended(life, clear(5), POLICY),
        Phase.FIRING,
        2,
        [Transition.WOULD_NOT_HAVE_FIRED],
    ),
    (
        "not what never was",
        NEVER,
        lambda life: amended(life, clear(5), POLICY),
        Phase.INACTIVE,
        0,
        [],
    ),
]


@pytest.mark.parametrize(
    ("life", "happens", "phase", "severity", "transitions"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_each_transition_is_as_its_row_says(
    life: Life,
    happens: Callable[[Life], Step],
    phase: Phase,
    severity: int,
    transitions: list[Transition],
) -> None:
    became, changes = happens(life)
    assert (became.visible, became.severity) == (phase, severity)
    assert [change.transition for change in changes] == transitions


def test_the_rows_show_every_transition() -> None:
    assert {transition for row in ROWS for transition in row[5]} == set(Transition)


@pytest.mark.parametrize("life", [PENDING, FIRING, EASING, HALF_EASING, LATCHED_CLEAR, QUIET])
def test_what_is_due_happens_then_and_not_before(life: Life) -> None:
    instant = due(life, POLICY)
    assert instant is not None
    assert passed(life, instant - 1, POLICY) == (life, ())
    assert passed(life, instant, POLICY)[0] != life


def test_lost_time_does_not_count_towards_keep() -> None:
    stale, _ = lost(EASING, 30)
    back, _ = judged(stale, clear(500), POLICY)
    assert back.below_at == 500


def test_a_new_alert_starts_after_the_end_of_the_one_before() -> None:
    life, _ = judged(ENDED, Finding(WARNING, 95, since=5), POLICY)
    assert life.start == 91


WORDS = st.sampled_from((None, *Severity))


@given(st.lists(st.tuples(st.integers(1, 80), WORDS, st.booleans())))
def test_severity_is_never_below_what_was_found_last_while_firing(
    steps: list[tuple[int, Severity | None, bool]],
) -> None:
    life, now = NEVER, 0
    for wait, severity, known in steps:
        now += wait
        life, _ = judged(life, Finding(severity, now, now, known=known), POLICY)
        assert life.severity >= life.latest or life.phase is Phase.INACTIVE
        assert (life.phase is Phase.INACTIVE) == (life.severity == 0)


@given(st.lists(st.tuples(st.integers(1, 80), WORDS)))
def test_every_alert_that_is_resolved_was_raised_and_none_is_raised_twice(
    steps: list[tuple[int, Severity | None]],
) -> None:
    life, now, told = NEVER, 0, []
    for wait, severity in steps:
        now += wait
        life, changes = judged(life, Finding(severity, now, now), POLICY._replace(latch_from=None))
        told += [change.transition for change in changes]
    ends = [each for each in told if each in {Transition.RAISED, Transition.RESOLVED}]
    assert ends[::2] == [Transition.RAISED] * len(ends[::2])
    assert ends[1::2] == [Transition.RESOLVED] * len(ends[1::2])


@given(st.integers(1, 2**42))
def test_of_an_alert_that_is_over_its_end_alone_is_saved(at: int) -> None:
    raised, _ = judged(NEVER, Finding(Severity.NOTICE, at, at, {}), Policy())
    over, _ = judged(raised, clear(at + 1), Policy())
    assert saved_of(raised) == raised
    assert life_of([*raised]) == raised
    assert saved_of(over) == over.ended_at
    assert life_of(over.ended_at) == over
    assert life_of([*over]) == over, "as releases before saved it"
