import re
import tracemalloc
from collections import Counter
from itertools import pairwise

import pytest

from devices.models.calendar import DAY, HOUR
from devices.models.community import Community
from devices.models.fleet import Fleet
from devices.models.plan import STEADY, FleetPlan, NetworkHabits
from devices.privacy import DWELLING_PATTERN, PERSON_PATTERN
from tests.models.runs import START, Run, decoded, plan, run

ROUGH = NetworkHabits(
    duplicate=0.1,
    lost=0.05,
    late=0.1,
    clock_drift=0.3,
    rollover=0.1,
    replacement=0.1,
    mishap=0.5,
)


def community(network: NetworkHabits = STEADY, seed: int = 7) -> FleetPlan:
    return plan(network, seed, homes=30, doors=6, gas_monitors=3)


@pytest.fixture(scope="module")
def rough() -> Run:
    return run(community(ROUGH), days=8)


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, again = (run(community(ROUGH), days=2) for _ in range(2))
    assert once == again


def test_another_seed_gives_other_bytes() -> None:
    once, other = (run(community(ROUGH, seed), days=2) for seed in (1, 2))
    assert not {one.payload for one in once.emissions} & {one.payload for one in other.emissions}


def test_how_far_a_fleet_is_advanced_at_once_changes_nothing() -> None:
    step_by_step = Fleet(community(ROUGH), START)
    steps = range(START, START + 2 * DAY + 1, HOUR)
    emissions = [one for step in steps for one in step_by_step.emissions_until(step)]
    at_once = Fleet(community(ROUGH), START).emissions_until(START + 2 * DAY)
    assert emissions == list(at_once)


def test_a_device_says_the_same_however_many_others_there_are() -> None:
    alone = run(plan(homes=3, seed=5), days=3).emissions
    among = run(plan(homes=40, seed=5), days=3).emissions
    ours = {one.topic.device for one in alone}
    assert alone == [one for one in among if one.topic.device in ours]


def test_emissions_come_in_order_and_none_after_the_instant_asked_for() -> None:
    fleet = Fleet(community(ROUGH), START)
    instants = [one.at for one in fleet.emissions_until(START + 5 * DAY)]
    assert instants == sorted(instants)
    assert instants[0] >= START
    assert instants[-1] <= START + 5 * DAY < (fleet.next_at() or 0)


def test_every_payload_decodes_and_holds_no_field_that_its_contract_lacks(rough: Run) -> None:
    assert {one.topic.kind for one in rough.emissions} == {"water_meter", "door", "gas_monitor"}
    assert all(decoded(one) for one in rough.emissions)


def test_new_and_repeated_readings_are_what_a_receiver_finds(rough: Run) -> None:
    kept: dict[object, object] = {}
    for emission in rough.emissions:
        found: dict[object, object] = {
            (one.device, one.kind, one.measured_at): one.values for one in decoded(emission)
        }
        repeated = kept.keys() & found.keys()
        assert all(kept[identity] == found[identity] for identity in repeated)
        assert emission.repeated_readings == len(repeated)
        assert emission.new_readings == len(found) - len(repeated)
        kept |= found


def test_the_counter_moves_by_what_the_slots_add_up_to() -> None:
    meters = run(plan(homes=20), days=10)
    for number in range(1, 21):
        readings = meters.readings(f"wm-{number:06d}")
        counted = [
            (i, r.values["cumulative_m3"]) for i, r in enumerate(readings) if "serial" in r.values
        ]
        for (begin, before), (end, after) in pairwise(counted):
            slots = readings[begin + 1 : end + 1]
            assert len(slots) == 48
            moved = round(1_000 * (float(after) - float(before)))
            assert moved == sum(round(1_000 * float(one.values["increment_m3"])) for one in slots)


@pytest.mark.parametrize("slot_minutes", [15, 30, 60])
def test_a_day_has_its_slots_whatever_their_length(slot_minutes: int) -> None:
    fleet_plan = FleetPlan(homes=3, doors=0, gas_monitors=0, seed=1, slot_minutes=slot_minutes)
    emissions = list(Fleet(fleet_plan, START).emissions_until(START + 2 * DAY))
    assert {one.new_readings for one in emissions if one.new_readings} == {1440 // slot_minutes}
    assert all(decoded(one) for one in emissions)


def test_devices_report_at_the_periods_of_the_plan() -> None:
    emissions = run(community(), days=1).emissions
    said = Counter(one.topic.device for one in emissions)
    beats = [one for one in emissions if b'"heartbeat","device":"door-00001"' in one.payload]
    assert (said["wm-000001"], said["gm-0001"], len(beats)) == (1, 288, 24)


def test_habits_of_the_network_are_counted_and_seen(rough: Run) -> None:
    faults = rough.truth.network_faults
    assert all(faults[what] for what in ("duplicate", "lost", "late", "clock_drift"))
    repeated = sum(one.repeated_readings > 0 for one in rough.emissions)
    assert faults["duplicate"] == repeated


def test_mishaps_befall_their_share_of_the_devices_within_thirty_days() -> None:
    habits = NetworkHabits(
        duplicate=0, lost=0, late=0, clock_drift=0, rollover=0, replacement=0, mishap=0.3
    )
    injected = run(plan(habits, homes=300, doors=100, gas_monitors=100), days=0).truth.injected
    assert 110 <= len(injected) <= 190
    assert all(0 <= one.start_at - START - DAY < 31 * DAY for one in injected)
    assert Counter((one.kind, one.what) for one in injected).keys() == {
        *(("water_meter", what) for what in ("supply_cut", "reverse_flow", "tamper")),
        *(("door", what) for what in ("power_cut", "outage", "wrong_attempts", "tamper")),
        *(("gas_monitor", what) for what in ("power_cut", "outage", "sensor_fault")),
    }


def test_names_of_persons_and_dwellings_are_pseudonyms() -> None:
    names = Community(community())
    assert all(re.fullmatch(PERSON_PATTERN, names.person_id(3, n)) for n in range(300))
    assert all(re.fullmatch(DWELLING_PATTERN, names.dwelling_id(n)) for n in range(300))


def test_every_device_has_a_row_with_a_grid_of_fifteen_digits() -> None:
    fleet = Fleet(community(), START)
    head, *rows = fleet.community.area_rows()
    assert head == "kind,device,area"
    assert [tuple(row.split(",")[:2]) for row in rows] == list(fleet.devices())
    assert all(re.fullmatch(r"500106003001\d{3}", row.split(",")[2]) for row in rows)


@pytest.mark.parametrize(("homes", "slot_minutes"), [(-1, 30), (1, 20)])
def test_a_plan_that_no_fleet_can_follow_is_refused(homes: int, slot_minutes: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        FleetPlan(homes=homes, doors=0, gas_monitors=0, seed=1, slot_minutes=slot_minutes)


def test_a_meters_late_day_comes_one_to_seven_days_after_its_time() -> None:
    emissions = run(plan(NetworkHabits(late=0.3, lost=0, duplicate=0), homes=30), days=10).emissions
    ages = [(one.at - decoded(one)[-1].measured_at) // DAY for one in emissions]
    assert set(ages) == set(range(8))


def test_a_device_takes_less_than_a_kilobyte() -> None:
    list(Fleet(community(), START).emissions_until(START + DAY))
    tracemalloc.start()
    try:
        fleet = Fleet(plan(homes=2_000, doors=200, gas_monitors=200), START)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1_024 * 2_400
    assert fleet.next_at() is not None
