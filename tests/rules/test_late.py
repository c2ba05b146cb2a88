"""Days that come after a later one are judged as of when they were."""

from collections.abc import Iterator, Sequence

import pytest
from pydantic_core import from_json

from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.effect import AlertChange
from rules.engine import Engine
from rules.lifecycle import Transition
from rules.memory import PAST, without
from rules.register import DeviceFacts, TableRegister

MINUTE = 60_000
SLOT = 30 * MINUTE
DAY = 48
"""Slots of a day."""
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
REGISTER = TableRegister({"water_meter/m": DeviceFacts(size="DN15")})
BURST = {20: 1_600.0, 21: 1_600.0, 22: 1_600.0, 23: 1_600.0}
LEAK = dict.fromkeys(range(DAY), 6.0)


def told(rule: str, days: Sequence[dict[int, float]], order: Sequence[int]) -> list[AlertChange]:
    """Return what is told of days by slot and litres, which come one after the other whole."""
    engine = Engine(Rulebook((catalogue()[rule],)), REGISTER, SavedStates())
    newest, effects = 0, []
    for number, day in enumerate(order):
        received_at = START + (len(days) * DAY + number) * SLOT
        for slot in range(DAY):
            end_at = START + (day * DAY + slot + 1) * SLOT
            litres = days[day].get(slot, 0.0)
            values = {"increment_m3": litres / 1_000, "slot_minutes": 30}
            reading = Reading("m", "water_meter", end_at, received_at, values)
            engine.observe(reading, late=end_at < newest)
            newest = max(newest, end_at)
        outcome = engine.take()
        assert outcome.failures == ()
        effects += [each for each in outcome.effects if isinstance(each, AlertChange)]
    return effects


@pytest.mark.parametrize(("rule", "day"), [("burst", BURST), ("continuous_leak", LEAK)])
@pytest.mark.parametrize("order", [(0, 1, 3, 2), (0, 3, 2, 1), (0, 1, 2, 3)])
def test_what_comes_late_is_told_with_its_own_time_as_if_it_had_come_in_time(
    rule: str, day: dict[int, float], order: Sequence[int]
) -> None:
    days = [{}, {}, day, {}]
    (in_time, *_), (late, *_) = told(rule, days, range(4)), told(rule, days, order)

    is_late = order[-1] != 3
    assert late.transition is (Transition.RAISED_LATE if is_late else Transition.RAISED)
    assert (late.start, late.severity) == (in_time.start, in_time.severity)
    assert late.at - in_time.at in (0, SLOT), "two slots at least, where the first may do in time"


def test_of_two_days_that_come_late_in_any_order_none_is_lost() -> None:
    days = [{}, BURST, {}, BURST, {}, {}]
    starts = {
        each.start // (DAY * SLOT)
        for order in ((0, 5, 1, 2, 4), (0, 5, 3, 2, 4))
        for each in told("burst", days, order)
        if each.transition is Transition.RAISED_LATE
    }

    assert len(starts) == 2


@pytest.mark.parametrize("rule", ["burst", "continuous_leak"])
def test_what_is_told_late_is_told_once_and_over_when_the_present_is_dry(rule: str) -> None:
    days = [{}, BURST if rule == "burst" else LEAK, {}, {}, {}]
    changes = told(rule, days, (0, 2, 1, 3, 4))

    assert [each.transition for each in changes] == [Transition.RAISED_LATE, Transition.RESOLVED]


def test_what_was_told_is_not_told_again_when_more_of_it_comes_after_its_end() -> None:
    days = [{}, LEAK, LEAK, {}, {}, {}]
    changes = told("continuous_leak", days, (0, 3, 1, 4, 5, 2))

    assert [each.transition for each in changes] == [Transition.RAISED_LATE, Transition.RESOLVED]


def saved_of(size: str, order: Sequence[int]) -> Iterator[bytes]:
    """Yield what is saved of a meter after each of these days, of which day 1 comes late."""
    register = TableRegister({"water_meter/m": DeviceFacts(size=size)})
    engine = Engine(Rulebook(tuple(catalogue().values())), register, SavedStates())
    for number, day in enumerate(order):
        for slot in range(DAY):
            end_at = START + (day * DAY + slot + 1) * SLOT
            values = {"increment_m3": 0.0, "slot_minutes": 30}
            received_at = START + (number + 1) * DAY * SLOT + slot
            reading = Reading("m", "water_meter", end_at, received_at, values)
            engine.observe(reading, late=day == 1)
        (saved,) = engine.take().states.values()
        yield saved.state


def runs_in(saved: bytes) -> set[str]:
    return {*from_json(saved)[2].get(PAST, ())}


def test_a_run_is_forgotten_a_week_after_the_last_that_came_of_it() -> None:
    lengths = [len(runs_in(each)) for each in saved_of("DN15", (0, 2, 1, *range(3, 12)))]
    assert lengths == [0, 0, *[2] * 7, 0, 0, 0]


def test_what_a_rule_judges_anew_has_no_run_of_before() -> None:
    (*_, saved) = saved_of("DN15", (0, 2, 1))
    assert runs_in(without(saved, ["burst"])) == {"continuous_leak"}


def test_of_a_bulk_meter_nothing_is_kept_of_what_comes_late() -> None:
    (*_, saved) = saved_of("DN100", (0, 2, 1))
    assert runs_in(saved) == set()
