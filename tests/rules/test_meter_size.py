"""Laws of the sizes of meters: what is no flow, and which meters are of no home."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.bound import Profiles, Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.conditions.never import Never
from rules.effect import AlertChange
from rules.engine import Engine
from rules.meter_size import LARGEST_FLOW_LH, is_large, largest_flow_lh, permanent_flow_lh
from rules.register import DeviceFacts, TableRegister
from rules.subject import Subject
from rules.water_day import DAY
from rules.water_use import HOUR, Step, Use, counter_guard, use_of

ZONE = ("500000", "500103", "500103003")
OUTER = ZONE[1]
MIDNIGHT = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
HOMELY = {
    "abnormal_use",
    "burst",
    "continuous_leak",
    "high_day",
    "high_week",
    "intermittent_leak",
    "low_day",
    "night_flow",
    "unusual_hours",
}
"""The rules of how much water people use."""


@pytest.mark.parametrize(
    ("size", "q3_lh"),
    [
        (None, 2_500),
        ("", 2_500),
        ("3/4 in", 2_500),
        ("DN10", 2_500),
        ("DN15", 2_500),
        ("dn20", 4_000),
        ("DN25", 6_300),
        ("DN40", 16_000),
        ("DN45", 16_000),
        ("DN50", 25_000),
        ("DN100", 100_000),
        ("DN9999", 1_000_000),
    ],
)
def test_the_largest_flow_is_twice_that_of_its_size(size: str | None, q3_lh: float) -> None:
    assert permanent_flow_lh(size) == q3_lh
    assert largest_flow_lh(size) == 2 * q3_lh
    assert is_large(size) == (q3_lh >= 25_000)


def test_a_meter_without_a_size_is_taken_for_the_smallest_a_bulk_meter_for_the_largest() -> None:
    assert largest_flow_lh(None) == largest_flow_lh("DN15") == LARGEST_FLOW_LH
    assert largest_flow_lh(None, is_bulk=True) == largest_flow_lh("DN300", is_bulk=True)
    assert largest_flow_lh("DN50", is_bulk=True) == largest_flow_lh("DN50")


def counted(at: Instant, cubic_metres: float) -> Reading:
    return Reading("m", "water_meter", at, at, {"cumulative_m3": cubic_metres})


FLOWS = st.floats(0.1, 60).map(lambda flow: round(flow, 2))
SIZES = st.sampled_from((None, "DN15", "DN20", "DN25", "DN40", "DN50"))


@given(FLOWS, SIZES)
def test_counters_and_increments_have_the_same_limit(flow_m3h: float, size: str | None) -> None:
    most_lh = largest_flow_lh(size)
    counter, _ = use_of(None, counted(HOUR, 100.0), most_lh)
    _, risen = use_of(counter, counted(3 * HOUR, 100 + 2 * flow_m3h), most_lh)
    values: dict[str, Value] = {"increment_m3": flow_m3h, "slot_minutes": 60}
    after, slot = use_of(counter, Reading("m", "water_meter", 2 * HOUR, 0, values), most_lh)
    assert risen is not None
    assert slot is not None
    if abs(flow_m3h * 1_000 - most_lh) > 10:
        assert (risen.step, slot.step) == (
            (None,) * 2 if flow_m3h < most_lh / 1_000 else (Step.ERROR,) * 2
        )
    if slot.step:
        assert (slot.litres, slot.counts) == (None, (100_000, 100_000 + round(flow_m3h * 1_000)))
        assert after == (2 * HOUR, -1), "from where it goes on is not known"


@given(FLOWS, SIZES)
def test_what_may_wait_is_use(flow_m3h: float, size: str | None) -> None:
    most_lh = largest_flow_lh(size)
    newest, then = counted(HOUR, 100.0), counted(2 * HOUR, 100 + flow_m3h)
    counter, _ = use_of(None, newest, most_lh)
    guard = counter_guard(counter, newest, {}, most_lh)
    _, use = use_of(counter, then, most_lh)
    assert guard is not None
    assert use is not None
    if guard.admits(then.measured_at, then.values):
        assert use.step is None
    else:
        assert flow_m3h * 1_000 > most_lh - 1


@pytest.mark.parametrize(
    ("facts", "bulk", "left_out"),
    [
        pytest.param(DeviceFacts(size="DN15"), {}, set[str](), id="a home"),
        pytest.param(DeviceFacts(size="DN40"), {}, set[str](), id="a shop"),
        pytest.param(DeviceFacts(), {}, set[str](), id="not known"),
        pytest.param(DeviceFacts(size="DN50"), {}, HOMELY, id="by its size"),
        pytest.param(DeviceFacts(), {"water_meter/m": OUTER}, HOMELY, id="by the registry"),
    ],
)
def test_a_bulk_meter_is_judged_by_no_rule_of_homes(
    facts: DeviceFacts, bulk: dict[str, str], left_out: set[str]
) -> None:
    register = TableRegister({"water_meter/m": facts}, bulk=bulk)
    profile = Profiles(Rulebook(tuple(catalogue().values())), register).of(
        Subject("device", "water_meter/m")
    )
    never = {name for name, each in profile.bound.items() if isinstance(each.condition, Never)}
    assert never == left_out


def test_an_alert_of_a_home_ends_when_the_registry_calls_its_meter_a_bulk_meter() -> None:
    rulebook = Rulebook((catalogue()["burst"],))
    home = TableRegister({"water_meter/m": DeviceFacts(areas=ZONE)})
    engine = Engine(rulebook, home, SavedStates())
    for hour in range(1, 4):
        engine.observe(counted(hour * HOUR, 100 + 2.5 * hour))
    engine.replace(rulebook, replace(home, bulk={"water_meter/m": OUTER}))
    for hour in range(4, 8):
        engine.observe(counted(hour * HOUR, 100 + 2.5 * hour))
    changes = [each for each in engine.take().effects if isinstance(each, AlertChange)]
    assert [each.transition.value for each in changes] == ["raised", "resolved"]


ELSEWHERE = ("500000", "500107")


def zone(homes: int, where: tuple[str, ...], nested: int) -> TableRegister:
    """Return a zone that measures a district; so many streets of it have bulk meters as well."""
    devices = {f"water_meter/home-{number}": DeviceFacts(areas=ZONE) for number in range(homes)}
    devices["water_meter/bulk"] = DeviceFacts(size="DN100", areas=where)
    bulk = {"water_meter/bulk": OUTER}
    for number in range(nested):
        devices[f"water_meter/inner-{number}"] = DeviceFacts(areas=ZONE)
        bulk[f"water_meter/inner-{number}"] = ZONE[-1]
    return TableRegister(devices, bulk=bulk)


def told_of(register: TableRegister, homes: int) -> Iterator[AlertChange]:
    """Yield what is told of the district; on the ninth day half as much again flows into it."""
    engine = Engine(Rulebook((catalogue()["zone_balance"],)), register, SavedStates())
    counters = dict.fromkeys(register.devices, 1_000.0)
    for quarter in range(4 * 12):
        at = MIDNIGHT + quarter * DAY // 4
        for name in counters:
            engine.observe(
                counted(at, round(counters[name], 3))._replace(device=name.partition("/")[2])
            )
            used = 2.0 * homes if "home" not in name else 2.0
            more = 1.5 if name.endswith("bulk") and quarter // 4 == 8 else 1.0
            counters[name] += used * more
    for effect in engine.take().effects:
        if isinstance(effect, AlertChange) and effect.subject.id == OUTER:
            yield effect


@pytest.mark.parametrize("homes", [1, 2, 20])
@pytest.mark.parametrize("where", [ZONE, ELSEWHERE], ids=["inside", "elsewhere"])
@pytest.mark.parametrize("nested", [0, 2])
def test_a_zone_is_judged_by_its_homes_wherever_bulk_meters_stand(
    homes: int, where: tuple[str, ...], nested: int
) -> None:
    raised, resolved = told_of(zone(homes, where, nested), homes)
    assert (raised.transition.value, resolved.transition.value) == ("raised", "resolved")
    known = {name: raised.evidence[name] for name in ("homes", "of_homes", "lost_pct")}
    assert known == {"homes": homes, "of_homes": homes, "lost_pct": 33.33}


def test_the_use_of_each_meter_is_that_of_its_size() -> None:
    register = TableRegister(
        {
            "water_meter/home": DeviceFacts(size="DN15"),
            "water_meter/shop": DeviceFacts(size="DN40"),
        }
    )
    profiles = Profiles(Rulebook(tuple(catalogue().values())), register)
    home, shop, unknown = (
        profiles.of(Subject("device", f"water_meter/{name}")).derived[0]
        for name in ("home", "shop", "unknown")
    )
    assert (home.of, home.guard) == (unknown.of, unknown.guard) == (use_of, counter_guard)
    assert (shop.of, shop.guard) != (use_of, counter_guard)
    reading, newest = counted(2 * HOUR, 106.0), counted(HOUR, 100.0)
    counter, _ = shop.of(None, newest)
    _, use = shop.of(counter, reading)
    guard = shop.guard and shop.guard(counter, newest, {})
    assert isinstance(use, Use)
    assert use.litres == 6_000
    assert guard is not None
    assert guard.admits(reading.measured_at, reading.values)
