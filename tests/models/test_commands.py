import json

import pytest

from devices.instant import Instant, iso_of
from devices.message import decode_reply
from devices.models.calendar import DAY, HOUR, MINUTE, SECOND
from devices.models.fleet import Fleet
from devices.models.scenario import parse_scenario
from devices.reading import Reading
from devices.topic import Channel, Topic
from tests.models.runs import START, decoded, plan

GAS = Topic("gas_monitor", "gm-0001", Channel.DOWN)
METER = Topic("water_meter", "wm-000001", Channel.DOWN)
DOOR = Topic("door", "door-00001", Channel.DOWN)
BUILD_UP = '[[event]]\nwhat = "gas_build_up"\nat = "1h"\ndevice = "gm-0001"\nduration = "2d"\n'


def command(topic: Topic, word: str, at: Instant, number: int = 1, **arguments: str) -> bytes:
    tree = {
        "v": 1,
        "device": topic.device,
        "id": f"c-{number}",
        "command": word,
        "expires_at": iso_of(at + MINUTE),
        "arguments": arguments,
    }
    return json.dumps(tree).encode()


def result(fleet: Fleet, topic: Topic, payload: bytes, at: Instant) -> tuple[str, str | None]:
    (emission,) = fleet.obey(topic, payload, at)
    assert emission.topic == topic._replace(channel=Channel.REPLY)
    reply = decode_reply(emission.topic, emission.payload, at)
    assert (reply.at, emission.at) == (at, at)
    return reply.result, reply.reason


def readings(fleet: Fleet, until: Instant) -> list[Reading]:
    return [reading for one in fleet.emissions_until(until) for reading in decoded(one)]


def test_the_fan_brings_methane_down_and_its_feedback_comes_within_ten_seconds() -> None:
    fleet = Fleet(plan(gas_monitors=1), START, parse_scenario(BUILD_UP))
    at = START + 5 * HOUR + 137
    risen = readings(fleet, at)[-1].values
    assert float(risen["ch4_lel_pct"]) > 50
    assert risen["fan_running"] is False
    assert result(fleet, GAS, command(GAS, "fan_start", at), at) == ("done", None)
    feedback, *later = readings(fleet, at + HOUR)
    assert feedback.measured_at <= at + 10 * SECOND
    assert feedback.values["fan_running"] is True
    assert float(feedback.values["fan_current_a"]) > 1
    assert float(later[-1].values["ch4_lel_pct"]) < 10
    at += 2 * HOUR
    readings(fleet, at)
    assert result(fleet, GAS, command(GAS, "fan_stop", at, 2), at) == ("done", None)
    assert float(readings(fleet, at + 4 * HOUR)[-1].values["ch4_lel_pct"]) > 50


def test_a_fan_that_fails_says_done_and_shows_no_current() -> None:
    failing = BUILD_UP + '[[event]]\nwhat = "fan_failure"\nat = "0h"\ndevice = "gm-0001"\n'
    fleet = Fleet(plan(gas_monitors=1), START, parse_scenario(failing))
    at = START + 5 * HOUR
    readings(fleet, at)
    assert result(fleet, GAS, command(GAS, "fan_start", at), at) == ("done", None)
    after = readings(fleet, at + HOUR)
    assert {one.values["fan_running"] for one in after} == {False}
    assert {one.values["fan_current_a"] for one in after} == {0.0}
    assert float(after[-1].values["ch4_lel_pct"]) > 50


def test_an_expired_command_is_answered_and_does_nothing() -> None:
    fleet = Fleet(plan(gas_monitors=1), START)
    payload = command(GAS, "fan_start", START)
    assert result(fleet, GAS, payload, START + HOUR) == ("expired", None)
    assert not any(one.values["fan_running"] for one in readings(fleet, START + 2 * HOUR))


def test_a_repeated_command_is_answered_alike_and_carried_out_once() -> None:
    fleet = Fleet(plan(gas_monitors=1), START)
    start, stop = (command(GAS, word, START, n) for n, word in enumerate(("fan_start", "fan_stop")))
    first = result(fleet, GAS, start, START + SECOND)
    assert result(fleet, GAS, stop, START + 2 * SECOND) == ("done", None)
    assert result(fleet, GAS, start, START + HOUR) == first
    assert not any(one.values["fan_running"] for one in readings(fleet, START + 2 * HOUR)[1:])


def test_any_number_of_commands_in_one_second_leaves_each_instant_with_one_reading() -> None:
    fleet = Fleet(plan(gas_monitors=1), START)
    for number in range(20):
        at = START + number * 700
        assert result(fleet, GAS, command(GAS, "fan_start", at, number), at) == ("done", None)
        list(fleet.emissions_until(at))
    instants = [one.measured_at for one in readings(fleet, START + HOUR)]
    assert len(instants) == len(set(instants)) > 50


@pytest.mark.parametrize("topic", [GAS, METER, DOOR], ids=lambda topic: topic.kind)
def test_a_command_of_another_kind_is_refused(topic: Topic) -> None:
    fleet = Fleet(plan(homes=1, doors=1, gas_monitors=1), START)
    payload = command(topic, "self_destruct", START)
    assert result(fleet, topic, payload, START) == ("refused", "unknown_command")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (GAS, b"fan_start"),
        (GAS, b"{}"),
        (GAS._replace(device="gm-0002"), command(GAS, "fan_start", START)),
        (GAS._replace(device="gm-1"), command(GAS, "fan_start", START)),
        (GAS._replace(kind="door"), command(GAS, "fan_start", START)),
    ],
)
def test_what_is_no_command_to_a_device_of_the_fleet_gets_no_answer(
    topic: Topic, payload: bytes
) -> None:
    assert Fleet(plan(gas_monitors=1), START).obey(topic, payload, START) == ()


def test_a_shut_valve_stops_the_water_until_it_is_opened() -> None:
    fleet = Fleet(plan(homes=1), START)
    shut_at, open_at = START + 2 * DAY, START + 4 * DAY
    readings(fleet, shut_at)
    assert result(fleet, METER, command(METER, "valve_shut", shut_at, 1), shut_at)[0] == "done"
    while_shut = readings(fleet, open_at)
    assert result(fleet, METER, command(METER, "valve_open", open_at, 2), open_at)[0] == "done"
    afterwards = readings(fleet, open_at + 3 * DAY)
    said = [one for one in (*while_shut, *afterwards) if "valve" in one.values]
    at_once = [one for one in said if "increment_m3" not in one.values]
    assert [one.values["valve"] for one in at_once] == ["shut", "open"]
    assert [one.measured_at - at for one, at in zip(at_once, (shut_at, open_at), strict=True)] == [
        5 * SECOND,
        5 * SECOND,
    ]
    days = [one for one in said if "increment_m3" in one.values]
    assert [one.values["valve"] for one in days] == ["open", "shut", "shut", "open", "open"]
    slots = [one for one in (*while_shut, *afterwards) if "increment_m3" in one.values]
    dry = [one for one in slots if shut_at < one.measured_at <= open_at]
    assert len(dry) == 96
    assert not any(one.values["increment_m3"] for one in dry)
    assert any(one.values["increment_m3"] for one in slots if one.measured_at > open_at)


def test_a_revoked_person_is_denied_until_restored() -> None:
    fleet = Fleet(plan(doors=1), START)
    persons = [
        one.values["person"] for one in readings(fleet, START + 3 * DAY) if "person" in one.values
    ]
    person = max(persons, key=persons.count)
    at = START + 3 * DAY
    payload = command(DOOR, "authorisation_revoke", at, 1, person=str(person))
    assert result(fleet, DOOR, payload, at) == ("done", None)
    theirs = [
        one.values for one in readings(fleet, at + 5 * DAY) if one.values.get("person") == person
    ]
    assert {values.get("denied_because") for values in theirs} == {"blacklisted"}
    at += 5 * DAY
    payload = command(DOOR, "authorisation_restore", at, 2, person=str(person))
    assert result(fleet, DOOR, payload, at) == ("done", None)
    theirs = [
        one.values for one in readings(fleet, at + 5 * DAY) if one.values.get("person") == person
    ]
    assert {values["event"] for values in theirs} == {"opened"}


def test_an_authorisation_without_a_person_is_refused() -> None:
    fleet = Fleet(plan(doors=1), START)
    payload = command(DOOR, "authorisation_revoke", START)
    assert result(fleet, DOOR, payload, START) == ("refused", "person_missing")


def test_a_command_sent_during_an_outage_is_answered_after_it() -> None:
    outage = '[[event]]\nwhat = "outage"\nat = "0h"\nduration = "2h"\n'
    fleet = Fleet(plan(gas_monitors=1), START, parse_scenario(outage))
    assert fleet.obey(GAS, command(GAS, "fan_start", START + HOUR), START + HOUR) == ()
    emissions = list(fleet.emissions_until(START + 3 * HOUR))
    (reply,) = [one for one in emissions if one.topic.channel is Channel.REPLY]
    assert reply.at >= START + 2 * HOUR
    assert decode_reply(reply.topic, reply.payload, reply.at).result == "expired"
