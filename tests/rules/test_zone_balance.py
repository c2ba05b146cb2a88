"""Laws of the balance of a zone: what flows in, less what its homes count."""

from collections.abc import Iterable, Sequence

import pytest
from pydantic_core import from_json, to_json

from devices.reading import Reading
from rules.conditions.zone_balance import Loss, Zone, ZoneBalance
from rules.finding import Finding
from rules.water_day import DAY, WATER_DAY, Day

HOMES = 20
BALANCE = ZoneBalance(Zone(frozenset({"water_meter/bulk"}), HOMES), Loss(12.0, 2.0, "practice"))


def told(meter: str, number: int, litres: float, known_ms: int = DAY) -> Reading:
    """Return the reading that ends a meter's day."""
    day = Day(number, litres, known_ms)
    values = {WATER_DAY: day}
    return Reading(meter, "water_meter", day.end_at, day.end_at, values)  # type: ignore[arg-type]


def zone_day(number: int, inflow: float, homes: int = HOMES, litres: float = 200) -> list[Reading]:
    """Return what the bulk meter and some homes tell of a day."""
    return [
        *(told(f"home-{home}", number, litres) for home in range(homes)),
        told("bulk", number, inflow),
    ]


def found(readings: Iterable[Reading]) -> list[Finding]:
    """Return what is found; the state goes through JSON between the readings."""
    state = BALANCE.start()
    findings = []
    for reading in readings:
        state, finding = BALANCE.observe(from_json(to_json(state)), reading)
        findings += [] if finding is None else [finding]
    return findings


def days(inflows: Sequence[float]) -> list[Reading]:
    """Return the days of a zone whose homes take 4,000 L on each."""
    return [one for number, inflow in enumerate(inflows, 1) for one in zone_day(number, inflow)]


USUAL = [4_200.0] * 7


def test_a_loss_is_found_when_all_have_told_their_day_and_ends_with_a_usual_one() -> None:
    lost, clear = found(days([*USUAL, 5_000, 4_200]))
    assert (lost.at, lost.since) == (Day(8, 0, 0).end_at, Day(8, 0, 0).start_at)
    assert {name: lost.evidence[name] for name in ("inflow_m3", "homes_m3", "lost_pct")} == {
        "inflow_m3": 5.0,
        "homes_m3": 4.0,
        "lost_pct": 20.0,
    }
    assert clear.severity is None


@pytest.mark.parametrize(
    "inflows",
    [
        pytest.param([4_200.0] * 6 + [5_000.0], id="the first week is for learning"),
        pytest.param([*USUAL, 4_500], id="below 12 %"),
        pytest.param([5_000.0] * 12, id="a zone that has always lost 20 %"),
        pytest.param([4_200, 5_600] * 6, id="within two deviations of its habit"),
        pytest.param([*USUAL, 0], id="a bulk meter that stood"),
        pytest.param([*USUAL, 3_000], id="homes that count more than flows in"),
    ],
)
def test_what_is_no_unusual_loss_is_not_told(inflows: list[float]) -> None:
    assert found(days(inflows)) == []


def test_homes_that_are_missing_count_as_much_as_the_others_if_they_are_few() -> None:
    usual, next_days = days(USUAL), days([4_200] * 11)[8 * len(zone_day(9, 0)) :]
    assert found([*usual, *zone_day(8, 4_200, homes=19), *next_days]) == []
    (lost, _) = found([*usual, *zone_day(8, 5_000, homes=19), *next_days])
    assert (lost.evidence["homes"], lost.evidence["homes_m3"]) == (19, 4.0)
    assert found([*usual, *zone_day(8, 5_000, homes=18), *next_days]) == []


def test_a_zone_is_not_judged_without_its_bulk_meter_or_by_days_with_gaps() -> None:
    usual, after = days(USUAL), days([4_200] * 11)[8 * len(zone_day(9, 0)) :]
    assert found([*usual, *zone_day(8, 9_000)[:-1], *after]) == []
    holed = [told(one.device, 8, 100, known_ms=DAY // 2) for one in zone_day(8, 0)[:-1]]
    assert found([*usual, *holed, told("bulk", 8, 9_000), *after]) == []


def test_a_day_that_comes_late_is_taken_in_until_it_is_judged_and_not_after() -> None:
    usual, today, tomorrow = days(USUAL), zone_day(8, 5_000), zone_day(9, 5_000)
    late, *rest = today
    first, second, *_ = found([*usual, *rest, *tomorrow, late, *zone_day(10, 5_000)])
    assert [first.at, second.at] == [Day(8, 0, 0).end_at, Day(9, 0, 0).end_at]
    assert second.since == first.since
    settled = [*usual, *today]
    assert found([*settled, late, *today]) == found(settled)
