from itertools import pairwise

import pytest

from devices.models.tank import Source, Tank, after

RISEN = Tank(60.0, 10.0, 5.0)
SOURCE = Source(60.0, 10.0, 5.0)


def test_methane_rises_to_the_level_of_its_source_without_the_fan() -> None:
    tank = Tank(3.0, 0.5, 0.5)
    levels = [after(tank, hours, SOURCE, fan_runs=False).ch4_lel_pct for hours in range(8)]
    assert all(before < later for before, later in pairwise(levels))
    assert levels[-1] == pytest.approx(60.0, abs=0.1)


def test_the_fan_halves_methane_within_ten_minutes_and_keeps_it_below_ten_percent() -> None:
    assert after(RISEN, 10 / 60, SOURCE, fan_runs=True).ch4_lel_pct < 30
    assert after(RISEN, 2, SOURCE, fan_runs=True).ch4_lel_pct < 10


def test_many_small_steps_lead_where_one_large_step_does() -> None:
    tank = RISEN
    for _ in range(60):
        tank = after(tank, 1 / 60, SOURCE, fan_runs=True)
    assert tank == pytest.approx(after(RISEN, 1, SOURCE, fan_runs=True))


def test_biogas_displaces_oxygen() -> None:
    assert Tank(0, 0, 0).o2_vol_pct == 20.9
    assert RISEN.o2_vol_pct == pytest.approx(20.9 * 0.95)
