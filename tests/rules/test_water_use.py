"""Laws of water use: from counters and increments to spans of use."""

import pytest

from devices.reading import Reading, Value
from rules.water_use import HOUR, Counter, Step, Use, use_of


def uses(*counts: tuple[float, float]) -> list[Use]:
    """Return the uses that a counter shows, given as hours and litres."""
    counter: Counter = None
    found = []
    for hours, litres in counts:
        at = round(hours * HOUR)
        reading = Reading("m", "water_meter", at, at, {"cumulative_m3": litres / 1_000})
        counter, use = use_of(counter, reading)
        found += [] if use is None else [use]
    return found


@pytest.mark.parametrize(
    ("counts", "litres"),
    [
        pytest.param([(0, 100), (1, 107), (2, 107)], [7, 0], id="goes on"),
        pytest.param([(0, 100), (1, 98), (2, 101)], [0, 1], id="shakes back by 2 L"),
        pytest.param([(0, 100), (1, 248_641), (2, 103)], [None, 3], id="one wrong reading"),
        pytest.param([(0, 5e4), (1, 2e4), (2, 50_003)], [None, 3], id="one that is too low"),
        pytest.param([(0, 100), (1, 248_641), (2, 248_643)], [None, 2], id="set anew"),
        pytest.param([(0, 5e4), (1, 0), (2, 4)], [None, 4], id="another meter"),
        pytest.param(
            [(0, 6e3), (1, 3e3), (2, 3_004), (3, 3_006), (4, 6_020), (5, 6_021)],
            [None, 4, 2, None, 1],
            id="it was half for hours",
        ),
        pytest.param([(0, 0), (1, 5_561), (2, 5_562)], [None, 1], id="set anew, by little"),
        pytest.param(
            [(0, 6e3), (1, 3e3), (2, 3_004), (3, 3_006), (190, 6_020)],
            [None, 4, 2, 3_014],
            id="it was set a week ago",
        ),
        pytest.param([(0, 9_999_990), (1, 12)], [22], id="rolls over at 10,000 m3"),
        pytest.param([(0, 99_999_990), (1, 12)], [22], id="rolls over at 100,000 m3"),
    ],
)
def test_use_is_never_negative_and_never_a_step(
    counts: list[tuple[float, float]], litres: list[float | None]
) -> None:
    assert [use.litres for use in uses(*counts)] == litres


def test_the_volume_of_a_gap_is_no_slot() -> None:
    (before, gap) = uses((0, 100), (1, 110), (31, 900))
    assert (before.slot, gap.slot, gap.litres) == (True, False, 790)


def test_a_step_is_named() -> None:
    assert uses((0, 9_999_990), (1, 12))[0].step is Step.ROLLOVER
    assert uses((0, 50_000), (1, 3))[0].step is Step.REPLACED
    assert uses((0, 50_000), (1, 20_000))[0].step is Step.ERROR
    assert [use.restored for use in uses((0, 100), (1, 248_641), (2, 103))] == [False, True]


def test_a_reading_seen_again_shows_nothing() -> None:
    assert len(uses((0, 100), (1, 107), (1, 107), (1, 107))) == 1


def test_an_increment_is_the_use_of_its_slot_whatever_came_before() -> None:
    values: dict[str, Value] = {"increment_m3": 0.003, "slot_minutes": 30}
    counter, use = use_of(None, Reading("m", "water_meter", HOUR, 9 * HOUR, values))
    assert use == Use(HOUR // 2, HOUR, 3.0)
    assert use.flow_lh == 6.0
    counter, use = use_of(
        counter, Reading("m", "water_meter", 2 * HOUR, 9 * HOUR, {"cumulative_m3": 5.0})
    )
    assert use is None
