"""Waits between tries."""

from datetime import timedelta

from ingest.backoff import Backoff

_FIRST = timedelta(milliseconds=100)
_LONGEST = timedelta(seconds=1)


def test_waits_double_up_to_the_longest_and_jitter_takes_half_at_most() -> None:
    for _ in range(100):
        backoff = Backoff(_LONGEST, _FIRST)
        for doubled in (1, 2, 4, 8, 10, 10):
            assert doubled * _FIRST / 2 <= backoff.failed() <= doubled * _FIRST


def test_waits_differ_so_that_what_failed_together_does_not_try_together() -> None:
    assert len({Backoff(_LONGEST, _FIRST).failed() for _ in range(20)}) > 1


def test_a_success_starts_anew() -> None:
    backoff = Backoff(_LONGEST, _FIRST)
    for _ in range(5):
        backoff.failed()

    backoff.succeeded()

    assert backoff.failed() <= _FIRST


def test_the_wait_that_the_other_side_wants_is_honoured_and_is_no_reason_to_hurry() -> None:
    assert Backoff(_LONGEST, _FIRST).failed(timedelta(minutes=5)) == timedelta(minutes=5)
    assert Backoff(_LONGEST, _FIRST).failed(timedelta()) >= _FIRST / 2


def test_the_longest_wait_holds_for_the_first_as_well() -> None:
    assert Backoff(timedelta(milliseconds=10), _FIRST).failed() <= timedelta(milliseconds=10)
