"""Laws of the comparison: an incident counts on both sides, whenever each side told of it."""

from collections.abc import Iterator

import pytest

from devices.reading import Reading
from ingest.rule_tools.backtest import backtest
from ingest.rule_tools.comparison import Difference, differences_of
from rules.bound import Rulebook
from rules.catalogue import catalogue
from rules.limits import LimitBook, Setting
from rules.register import DeviceFacts, TableRegister
from tests.alerts.gas import MONITOR, gas

RULE = catalogue()["gas_level_ch4"]
STRICTER = LimitBook({"500000": {f"{RULE.name}.level_1": Setting(10.0)}})
BY_DEFAULT = LimitBook()
"""Warns at 25 %LEL."""
LOW, BETWEEN, ABOVE = 1.0, 15.0, 30.0
_STEP_S = 60


class Levels:
    """A monitor that measures one level a minute."""

    left_out = 0

    def __init__(self, *levels: float) -> None:
        self.register = TableRegister({f"gas_monitor/{MONITOR}": DeviceFacts(areas=("500000",))})
        self.total = len(levels)
        self._levels = levels

    def __iter__(self) -> Iterator[Reading]:
        return (gas(number * _STEP_S, level) for number, level in enumerate(self._levels))


CLEARED = (LOW,) * 12
ONE_INCIDENT = (LOW, BETWEEN, BETWEEN, BETWEEN, ABOVE, ABOVE, ABOVE)
TWO_ABOVE = (ABOVE, ABOVE, *(BETWEEN,) * 12, ABOVE, ABOVE)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (ONE_INCIDENT, (1, 1, 0, 0)),
        ((*ONE_INCIDENT, *CLEARED, BETWEEN, BETWEEN), (1, 2, 0, 1)),
        (TWO_ABOVE, (2, 1, 0, 0)),
        ((BETWEEN, BETWEEN), (0, 1, 0, 1)),
        ((LOW, LOW), (0, 0, 0, 0)),
    ],
    ids=["told earlier", "and another one", "one instead of two", "one side alone", "nothing"],
)
def test_alerts_that_overlap_are_of_one_incident(
    levels: tuple[float, ...], expected: tuple[int, int, int, int]
) -> None:
    here, there = (
        backtest(Rulebook((RULE,), limits), Levels(*levels), lambda _: None)
        for limits in (BY_DEFAULT, STRICTER)
    )
    one, other, only_one, only_other = expected

    assert differences_of(here, there) == [Difference(RULE.name, *expected)]
    assert differences_of(there, here) == [Difference(RULE.name, other, one, only_other, only_one)]
