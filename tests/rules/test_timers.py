"""Laws of timers."""

from hypothesis import given
from hypothesis import strategies as st

from rules.subject import Subject, device_subject
from rules.timers import Timers


def subject(number: int) -> Subject:
    return device_subject("k", str(number))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100))), st.integers(0, 100))
def test_each_subject_rings_once_at_the_earliest_it_was_armed_for(
    armed: list[tuple[int, int]], now: int
) -> None:
    timers = Timers()
    for number, at in armed:
        timers.arm(subject(number), at)
    earliest = {subject(n): min(at for m, at in armed if m == n) for n, _ in armed}
    assert timers.next() == min(earliest.values(), default=None)
    rung = []
    while (found := timers.ring(now)) is not None:
        rung.append(found[1])
    assert sorted(rung) == sorted(each for each, at in earliest.items() if at <= now)
    assert [earliest[each] for each in rung] == sorted(earliest[each] for each in rung)
    assert all(timers.armed(each) is None for each in rung)
