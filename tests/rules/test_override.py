"""Laws of overrides: what a person wants of a fan, and what the sequence makes of it after."""

import pytest

from devices.instant import Instant
from rules.effect import Withdrawal
from tests.rules.test_ventilation import MINUTE, SECOND, START, reading
from tests.rules.ventilation import TANK, Station


def starts(station: Station) -> list[float]:
    """Return at which second the fan was ordered to start."""
    return [(at - START) / SECOND for at, each in station.commands() if each.command == "fan_start"]


def withdrawn(station: Station) -> set[str]:
    """Return which orders were withdrawn."""
    effects = (effect for _, effect in station.effects)
    return {each.identity for each in effects if isinstance(each, Withdrawal)}


def failed() -> Station:
    """Return a station whose fan has failed twice, with gas still there after 60 s."""
    station = Station()
    station.hear(reading(0, 26, fan=False))
    station.wait(START + 59 * SECOND)
    station.hear(reading(60, 26, fan=False))
    return station


@pytest.mark.parametrize("ends_at", [START + 40 * MINUTE, START + 61 * SECOND])
def test_a_person_who_has_a_failed_fan_run_is_obeyed_at_once(ends_at: Instant) -> None:
    station = failed()
    station.override("run", ends_at, START + 61 * SECOND)
    station.hear(reading(62, 26, fan=False))
    assert starts(station)[2:] == [61 if ends_at > START + 61 * SECOND else 62]


def test_after_a_person_has_decided_a_fan_has_its_order_and_its_retry_again() -> None:
    station = failed()
    station.hear(reading(630, 26, fan=False))
    station.override("off", START + 640 * SECOND, START + 631 * SECOND)
    station.hear(reading(641, 26, fan=False))
    station.wait(START + 700 * SECOND)
    assert starts(station)[2:] == [630, 641, 652]


@pytest.mark.parametrize(
    ("mode", "gas", "takes_back"),
    [("off", 26, True), ("run", 26, False), ("", 26, False), ("off", 5, True), ("", 5, True)],
)
def test_a_start_that_is_not_wanted_any_more_is_withdrawn(
    mode: str, gas: float, *, takes_back: bool
) -> None:
    station = Station()
    station.hear(reading(0, gas, fan=False))
    station.override("run", START + 30 * MINUTE, START + 1 * SECOND)
    ((_, start),) = station.commands()
    station.override(mode or "off", START + (30 * MINUTE if mode else 0), START + 2 * SECOND)
    assert withdrawn(station) == ({start.identity} if takes_back else set())
    station.hear(reading(3, gas, fan=False))
    assert len(station.commands()) == 1


@pytest.mark.parametrize("mode", ["run", "off"])
def test_a_stop_is_withdrawn_when_a_person_takes_the_fan_over(mode: str) -> None:
    station = Station()
    station.hear(reading(0, 26, fan=True))
    station.hear(reading(900, 5, fan=True))
    station.override(mode, START + 30 * MINUTE, START + 901 * SECOND)
    assert withdrawn(station) == {station.commands()[0][1].identity}


def told(station: Station) -> list[tuple[str, str, float]]:
    """Return the changes of alerts, and at which second each was told."""
    changes = station.changes()
    return [(each.rule, each.transition, (each.told_at - START) / SECOND) for each in changes]


def test_a_run_by_hand_of_two_hours_is_no_overrun_when_it_ends() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    station.override("run", START + 120 * MINUTE, START + 1 * SECOND)
    for second in range(5, 7_240, 5):
        station.hear(reading(second, 5, fan=second < 7_210))
    assert told(station) == []


def test_a_fan_that_goes_on_for_an_hour_after_a_run_by_hand_overruns() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    station.override("run", START + 120 * MINUTE, START + 1 * SECOND)
    for minute in range(1, 182):
        station.hear(reading(minute * 60, 5, fan=True))
    assert told(station) == [("overrun", "raised", 181 * 60)]


def test_a_run_that_is_released_counts_from_its_release() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    station.override("run", START + 24 * 60 * MINUTE, START + 1 * SECOND)
    for minute in range(1, 91):
        station.hear(reading(minute * 60, 5, fan=True))
    station.override("off", 0, START + 90 * MINUTE)
    station.hear(reading(90 * 60 + 1, 5, fan=True))
    assert [each.command for _, each in station.commands()] == ["fan_start", "fan_stop"]
    station.override("off", 0, START + 91 * MINUTE)
    for minute in range(91, 152):
        station.hear(reading(minute * 60, 5, fan=True))
    assert told(station) == [("overrun", "raised", 151 * 60)]


@pytest.mark.parametrize(("gas", "is_told"), [(5, False), (26, True)])
def test_three_purges_by_hand_are_a_chronic_source_only_with_gas(
    gas: float, *, is_told: bool
) -> None:
    station = Station()
    for number in range(3):
        first = number * 3_600
        station.hear(reading(first, gas, fan=False))
        station.override("run", START + (first + 1_200) * SECOND, START + (first + 1) * SECOND)
        station.hear(reading(first + 5, gas, fan=True))
        for second, fan in ((300, True), (1_201, True), (1_205, False)):
            station.hear(reading(first + second, 4, fan=fan))
    assert bool(told(station)) is is_told


@pytest.mark.parametrize(("starts", "alerts"), [(True, []), (False, ["fan_failed"])])
def test_a_fan_that_was_kept_off_has_a_minute_to_start_after(
    *, starts: bool, alerts: list[str]
) -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    station.override("off", START + 30 * MINUTE, START + 1 * SECOND)
    for second in range(5, 1_860, 5):
        station.wait(START + second * SECOND)
        station.hear(reading(second, 30, fan=starts and second > 1_802))
    assert [rule for rule, _, _ in told(station)] == alerts
    station.wait(START + 1_860 * SECOND)
    assert ("interlock_failed", "raised", 1_860) in told(station) or starts
    since = {each.start for each in station.changes() if each.rule == "interlock_failed"}
    assert since <= {START + 1_800 * SECOND}


def test_a_fan_that_others_start_while_it_is_kept_off_is_told_after() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    station.override("off", START + 30 * MINUTE, START + 1 * SECOND)
    for second in range(5, 1_840, 5):
        station.hear(reading(second, 5, fan=True))
    assert told(station) == [("uncommanded_run", "raised", 1_830)]


def test_an_override_that_is_over_leaves_nothing_in_the_state() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=False))
    before = station.store.load(TANK)
    station.override("off", START + 1 * MINUTE, START + 1 * SECOND)
    station.hear(reading(61, 5, fan=False))
    after = station.store.load(TANK)
    assert before is not None
    assert after is not None
    assert len(after) <= len(before) + 4


def test_what_a_person_takes_over_is_told_no_more() -> None:
    station = Station()
    station.hear(reading(0, 5, fan=True))
    station.hear(reading(31, 5, fan=True))
    station.override("off", START + 30 * MINUTE, START + 32 * SECOND)
    assert told(station)[1:] == [("uncommanded_run", "resolved", 32)]


def test_a_fan_that_does_not_start_is_no_failed_interlock_once_a_person_keeps_it_off() -> None:
    station = failed()
    station.wait(START + 62 * SECOND)
    assert ("interlock_failed", "raised", 60) in told(station)
    station.override("off", START + 30 * MINUTE, START + 63 * SECOND)
    assert told(station)[-1] == ("interlock_failed", "resolved", 63)
