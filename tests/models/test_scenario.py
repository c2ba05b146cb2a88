from collections.abc import Mapping
from pathlib import Path

import pytest

from devices.models.calendar import DAY, HOUR, MINUTE, SECOND
from devices.models.emission import Emission
from devices.models.fleet import Fleet
from devices.models.household import household_of
from devices.models.incident import INCIDENTS
from devices.models.scenario import ScenarioError, parse_scenario
from devices.models.truth import Parameter
from devices.reading import Reading
from tests.models.runs import START, Run, between, decoded, event, litres, plan, run

EXAMPLE = (Path(__file__).parents[2] / "docs/scenario.toml").read_text(encoding="utf-8")
FLEET = plan(homes=40, doors=8, gas_monitors=4)


@pytest.fixture(scope="module")
def calm() -> Run:
    return run(FLEET, days=6)


@pytest.fixture(scope="module")
def troubled() -> Run:
    return run(FLEET, days=6, scenario=EXAMPLE)


def test_the_example_holds_every_incident_and_the_truth_tells_of_each(troubled: Run) -> None:
    assert {record.what for record in troubled.truth.injected} == set(INCIDENTS)
    count = EXAMPLE.count("[[event]]")
    assert [record.event for record in troubled.truth.injected] == list(range(1, count + 1))
    assert all(decoded(emission) for emission in troubled.emissions)


def test_the_truth_says_what_where_when_and_how() -> None:
    text = event(what="leak", at="2d 06:00", device="wm-000003", duration="1d 12h")
    (record,) = run(FLEET, days=0, scenario=text).truth.injected
    assert (record.what, record.kind, record.device) == ("leak", "water_meter", "wm-000003")
    assert record.start_at == START + 2 * DAY + 6 * HOUR
    assert record.end_at == record.start_at + 36 * HOUR
    assert record.parameters == {"litres_per_hour": 20.0}


def test_the_truth_of_a_dwelling_names_its_meter_and_its_door(troubled: Run) -> None:
    (record,) = (one for one in troubled.truth.injected if one.what == "lease_expired")
    assert (record.device, record.parameters["door"]) == ("door-00002", "door-00002")
    assert record.parameters["meter"] == "wm-000008"
    assert str(record.parameters["dwelling"]).startswith("d-")


@pytest.mark.parametrize(
    ("device", "hours", "more"),
    [("wm-000001", (26, 50), 480), ("wm-000002", (62, 65), 6_900), ("wm-000003", (24, 72), 576)],
    ids=["leak", "burst", "running toilet"],
)
def test_water_that_escapes_is_counted_on_top(
    calm: Run, troubled: Run, device: str, hours: tuple[int, int], more: int
) -> None:
    ours, theirs = (between(one.readings(device), *hours) for one in (calm, troubled))
    assert litres(theirs) - litres(ours) == more


def test_a_leak_leaves_no_slot_without_water(troubled: Run) -> None:
    leaking = between(troubled.readings("wm-000001"), 26, 96)
    assert all(one.values["increment_m3"] for one in leaking)


def test_a_home_on_holiday_takes_no_water_and_none_of_its_people_pass_the_door(
    calm: Run, troubled: Run
) -> None:
    (record,) = (one for one in troubled.truth.injected if one.what == "holiday")
    assert litres(between(calm.readings("wm-000004"), 32, 120)) > 0
    assert litres(between(troubled.readings("wm-000004"), 32, 120)) == 0
    assert of_dwelling(calm, record.parameters)
    assert not of_dwelling(troubled, record.parameters)


def of_dwelling(of: Run, parameters: Mapping[str, Parameter]) -> list[Reading]:
    """What the door says of a dwelling from 08:00 of the second day on."""
    readings = between(of.readings(str(parameters["door"])), 32, 144)
    return [one for one in readings if one.values.get("dwelling") == parameters["dwelling"]]


def test_an_inactive_person_is_silent_at_the_door_and_at_the_tap() -> None:
    alone = next(home for home in range(40) if is_alone(home))
    text = event(what="person_inactive", at="1d 00:00", device=f"wm-{alone + 1:06d}")
    calm, silent = run(FLEET, 6), run(FLEET, 6, text)
    (record,) = silent.truth.injected
    assert of_dwelling(calm, record.parameters)
    assert not of_dwelling(silent, record.parameters)
    assert litres(between(silent.readings(record.device), 24, 120)) == 0


def is_alone(home: int) -> bool:
    return household_of(FLEET.seed, home).occupants == 1


def test_a_crowded_dwelling_shows_more_persons_and_more_water(calm: Run, troubled: Run) -> None:
    (record,) = (one for one in troubled.truth.injected if one.what == "crowded_dwelling")
    persons = [
        {
            one.values["person"]
            for one in of_dwelling(some, record.parameters)
            if "person" in one.values
        }
        for some in (calm, troubled)
    ]
    assert len(persons[0]) <= 5 < len(persons[1]) <= 10
    ours, theirs = (litres(between(one.readings("wm-000006"), 24, 120)) for one in (calm, troubled))
    assert theirs > 1.5 * ours


def test_an_expired_lease_denies_and_opens_to_none_of_the_dwelling(troubled: Run) -> None:
    (record,) = (one for one in troubled.truth.injected if one.what == "lease_expired")
    readings = between(troubled.readings("door-00002"), 48, 144)
    theirs = [
        one.values
        for one in readings
        if one.values.get("dwelling") == record.parameters["dwelling"]
    ]
    denied = {values.get("denied_because") for values in theirs if "person" in values}
    assert denied == {"expired"}


def test_a_forced_door_says_so_stands_open_and_is_closed_again(troubled: Run) -> None:
    at = START + 2 * DAY + 3 * HOUR + 10 * MINUTE
    events = {one.measured_at: one.values.get("event") for one in troubled.readings("door-00003")}
    assert (events[at], events[at + 4 * MINUTE]) == ("forced", "closed")


def test_gas_builds_up_during_the_incident_and_is_gone_after_it(troubled: Run) -> None:
    readings = troubled.readings("gm-0001")
    before, during, after = (
        max(float(one.values["ch4_lel_pct"]) for one in between(readings, begin, end))
        for begin, end in ((0, 33), (36, 39), (50, 60))
    )
    assert max(before, after) < 10
    assert 50 < during <= 61


def test_a_frozen_sensor_repeats_its_gas_while_the_temperature_moves(troubled: Run) -> None:
    frozen = between(troubled.readings("gm-0003"), 48.1, 59.9)
    assert len({(one.values["ch4_lel_pct"], one.values["o2_vol_pct"]) for one in frozen}) == 1
    assert len({one.values["temperature_c"] for one in frozen}) > 5


def test_a_frozen_meter_counts_nothing() -> None:
    text = event(what="frozen_sensor", at="1d 00:00", device="wm-000001", duration="2d")
    meter = run(FLEET, 6, text).readings("wm-000001")
    assert litres(between(meter, 24, 72)) == 0 < litres(between(meter, 72, 120))


@pytest.mark.parametrize(
    "where", [{}, {"area": "500106003001"}, {"device": "gm-0001"}], ids=["all", "area", "device"]
)
def test_nothing_gets_through_an_outage_and_all_of_it_afterwards(where: dict[str, str]) -> None:
    text = event(what="outage", at="1d 01:00", duration="8h", **where)
    calm, cut = run(FLEET, 2), run(FLEET, 2, text)
    concerned = (
        {one.topic.device for one in calm.emissions} if "device" not in where else {"gm-0001"}
    )
    begin, end = START + 25 * HOUR, START + 33 * HOUR
    assert not [
        one for one in cut.emissions if begin <= one.at < end and one.topic.device in concerned
    ]
    assert said(cut) == said(calm)
    burst = [one for one in cut.emissions if end <= one.at < end + 2 * MINUTE]
    assert len(burst) >= 8 * 12


def said(of: Run) -> list[Reading]:
    """All readings, save that a door was offline and online again, and how it counts events."""
    return sorted(
        reading._replace(received_at=0, values={**reading.values, "number": 0})
        for emission in of.emissions
        for reading in decoded(emission)
        if reading.values.get("event") not in ("offline", "online")
    )


def test_an_outage_of_another_area_concerns_nobody(calm: Run) -> None:
    text = event(what="outage", at="1d", area="500107")
    assert run(FLEET, 6, text).emissions == calm.emissions


def test_network_incidents_do_what_they_say(troubled: Run) -> None:
    first_day = {
        device: [
            one.at for one in troubled.emissions if one.topic.device == device and is_first(one)
        ]
        for device in ("wm-000007", "wm-000008", "wm-000009")
    }
    assert len(first_day["wm-000007"]) == 2
    assert len(first_day["wm-000008"]) == 0
    (late,) = first_day["wm-000009"]
    assert late > START + 3 * DAY
    faults = troubled.truth.network_faults
    assert (faults["duplicate"], faults["lost"], faults["late"]) == (1, 1, 1)


def is_first(emission: Emission) -> bool:
    """Whether it is the upload of the first simulated day."""
    return decoded(emission)[-1].measured_at == START + DAY


def test_a_counter_rolls_over_on_the_day_named(troubled: Run) -> None:
    counters = [
        float(one.values["cumulative_m3"])
        for one in troubled.readings("wm-000010")
        if "cumulative_m3" in one.values
    ]
    assert counters[2] > 99_999
    assert counters[3] < 1
    assert troubled.truth.network_faults["rollover"] == 1


def test_a_replaced_meter_has_another_serial_and_a_counter_near_zero(troubled: Run) -> None:
    days = [one for one in troubled.readings("wm-000011") if "serial" in one.values]
    serials = [one.values["serial"] for one in days]
    assert serials[0] == serials[2] != serials[3] == serials[5]
    assert float(days[3].values["cumulative_m3"]) < 1.5
    assert days[3].values["transmissions"] == 1
    in_its_box = between(troubled.readings("wm-000011"), 48, 58.5)
    assert litres(in_its_box) == 0


def test_a_drifting_clock_shifts_what_it_measures_and_no_two_readings_meet(
    calm: Run, troubled: Run
) -> None:
    (record,) = (one for one in troubled.truth.injected if one.what == "clock_drift")
    shift = 120 * SECOND + record.event
    ours, theirs = (
        {
            one.measured_at
            for one in some.readings("door-00004")
            if one.values.get("event") not in ("offline", "online", "clock_drift")
        }
        for some in (calm, troubled)
    )
    drifted = {instant + shift for instant in ours if START + DAY <= instant < START + 3 * DAY}
    kept = {instant for instant in ours if not START + DAY <= instant < START + 3 * DAY}
    assert theirs == drifted | kept
    assert not drifted & kept


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[event]", "not TOML"),
        ("[[events]]", "events: unknown key"),
        ('event = "leak"', r"event: expected \[\[event\]\]"),
        ("[[event]]\nat = '1d'", "event 1: what: missing"),
        (
            event(what="leek", at="1d", device="wm-000001"),
            "event 1: what: unknown, nearest is leak",
        ),
        (event(what="leak", device="wm-000001"), "event 1: at: "),
        (event(what="leak", at="soon", device="wm-000001"), 'event 1: at: .*"2d 06:00"'),
        (event(what="leak", at="25:00", device="wm-000001"), "event 1: at: "),
        (event(what="leak", at=3, device="wm-000001"), "event 1: at: "),
        (
            event(what="leak", at="1d", device="wm-000001", duration="x"),
            'duration: expected.*"36h"',
        ),
        (event(what="leak", at="1d", device="wm-000001", duration="0s"), "duration: .*greater"),
        (
            event(what="leak", at="1d", device="wm-000001", litre_per_hour=3),
            "event 1: litre_per_hour: unknown key, nearest is litres_per_hour",
        ),
        (
            event(what="leak", at="1d", device="wm-000001", litres_per_hour="3"),
            "event 1: litres_per_hour: ",
        ),
        (
            event(what="leak", at="1d", device="wm-000001", litres_per_hour=4_000),
            "event 1: litres_per_hour: .*3125",
        ),
        (
            event(what="leak", at="1d", device="wm-000001") + event(what="burst", at="1d"),
            "event 2: device: ",
        ),
    ],
)
def test_a_scenario_is_refused_with_the_event_the_key_and_what_was_expected(
    text: str, complaint: str
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        parse_scenario(text)


@pytest.mark.parametrize(
    ("what", "device", "complaint"),
    [
        ("leak", "wm-000900", "event 1: device: .*nearest is wm-000040"),
        ("leak", "wm-3", "nearest is wm-000003"),
        ("leak", "gm-0001", "nearest is wm-000001"),
        ("forced_door", "front", "nearest is door-00001"),
    ],
)
def test_an_incident_at_a_device_it_cannot_befall_is_refused(
    what: str, device: str, complaint: str
) -> None:
    scenario = parse_scenario(event(what=what, at="1d", device=device))
    with pytest.raises(ScenarioError, match=complaint):
        Fleet(FLEET, START, scenario)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"dwelling": 6}, "event 1: dwelling: expected at most 5, which are behind the door"),
        ({"person": 5}, "event 1: person: expected at most [1-4], who live in the dwelling"),
    ],
)
def test_an_incident_of_a_person_who_is_not_there_is_refused(
    keys: dict[str, int], complaint: str
) -> None:
    text = event(what="person_inactive", at="1d", device="door-00001", **keys)
    with pytest.raises(ScenarioError, match=complaint):
        Fleet(FLEET, START, parse_scenario(text))


def test_a_crowd_smaller_than_the_household_changes_nothing(calm: Run) -> None:
    large = next(home for home in range(40) if household_of(FLEET.seed, home).occupants > 2)
    meter = f"wm-{large + 1:06d}"
    few = run(FLEET, 6, event(what="crowded_dwelling", at="1d", device=meter, persons=2))
    assert few.readings(meter) == calm.readings(meter)
