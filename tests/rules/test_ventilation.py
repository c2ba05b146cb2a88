"""Laws of the ventilation: its orders under any order of events; tank and fan together."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.instant import Instant
from devices.message import Result
from devices.models.tank import Source, Tank, after
from devices.reading import Reading, Value
from rules.commands import Outcome, answered, issued, outcome
from rules.effect import Command
from rules.lifecycle import Transition
from rules.sequence import Override
from tests.rules.ventilation import DEVICE, TANK, Station

START = 1_772_380_800_000
SECOND = 1_000
MINUTE = 60 * SECOND


class Event(NamedTuple):
    """What happens, so many seconds after the event before."""

    after_s: float
    name: str
    ch4: float | None
    fan: bool | None
    status: str
    result: Result
    lag_s: float


ANY = st.lists(
    st.builds(
        Event,
        st.sampled_from((0.1, 1.0, 3.0, 7.0, 10.0, 16.0, 60.0, 400.0, 1_000.0)),
        st.sampled_from(
            ("reading", "reading", "reading", "reading", "again", "late", "reply", "stray",
             "tick", "wait", "restart", "lost", "run", "off")
        ),
        st.sampled_from((None, 3.0, 3.0, 22.0, 26.0, 60.0)),
        st.sampled_from((None, False, True, True)),
        st.sampled_from(("ok", "ok", "ok", "fault")),
        st.sampled_from(("done", "refused", "expired", "failed")),
        st.sampled_from((0.0, 0.0, 0.0, 2.0, 3_600.0)),
    ),
    max_size=40,
)  # fmt: skip
RUN_UP = tuple(
    Event(after_s, "reading", ch4, fan, "ok", "done", 0.0)
    for after_s, ch4, fan in ((1.0, 26.0, False), (3.0, 22.0, True), (890.0, 22.0, True))
)
EVENTS = st.builds(lambda first, rest: [*first, *rest], st.sampled_from(((), RUN_UP)), ANY)
"""Half of them begin when the purge is nearly over."""


class Story:
    """A station and everything that was done to it."""

    def __init__(self) -> None:
        self.station = Station()
        self.now: Instant = START
        self.newest: Reading | None = None
        self.readings: list[Reading] = []
        self.replies: list[tuple[Instant, str]] = []

    def play(self, events: Sequence[Event]) -> "Story":
        for event in events:
            self.now += round(event.after_s * SECOND)
            self._happen(event)
        return self

    def _happen(self, event: Event) -> None:
        station, now = self.station, self.now
        if event.name in ("reading", "lost"):
            self._hear(event)
        elif event.name in ("again", "late") and self.newest is not None:
            earlier = self.newest._replace(received_at=now)
            if event.name == "late":
                earlier = earlier._replace(measured_at=earlier.measured_at - 1, values=GAS_LATE)
            station.hear(earlier, late=event.name == "late")
        elif event.name == "reply" and station.commands():
            self.replies.append((now, station.commands()[-1][1].identity))
            station.reply(event.result, now)
        elif event.name == "stray":
            station.reply(event.result, now, "of-nobody")
        elif event.name == "tick":
            station.tick(now)
        elif event.name == "wait":
            station.wait(now)
        elif event.name == "restart":
            station.restart()
        elif event.name in ("run", "off"):
            station.override(event.name, now + 5 * MINUTE, now)

    def _hear(self, event: Event) -> None:
        at = self.now - round(event.lag_s * SECOND)
        if self.newest is not None and at <= self.newest.measured_at:
            return
        values: dict[str, Value] = {"sensor_status": event.status}
        if event.ch4 is not None:
            values["ch4_lel_pct"] = event.ch4
        if event.fan is not None:
            values["fan_running"] = event.fan
        reading = Reading(DEVICE, "gas_monitor", at, self.now, values)
        if event.name == "lost":  # its transaction failed; it is delivered again
            self.station.engine.observe(reading)
            self.station.engine.take()
            self.station.engine.discard()
        self.newest = reading
        self.readings.append(reading)
        self.station.hear(reading)


GAS_LATE: dict[str, Value] = {"ch4_lel_pct": 90.0, "sensor_status": "ok", "fan_running": False}


@given(EVENTS)
@settings(deadline=None, max_examples=250)
def test_no_two_orders_of_a_purpose_are_in_flight(events: list[Event]) -> None:
    story = Story().play(events)
    last: dict[str, tuple[Instant, Command]] = {}
    for at, command in story.station.commands():
        if command.purpose in last:
            then, before = last[command.purpose]
            assert at >= before.expires_at or story_ends(story, then, at, before)
        last[command.purpose] = (at, command)


def story_ends(story: Story, then: Instant, at: Instant, command: Command) -> bool:
    """Whether an order was answered, or its effect seen, from its giving to an instant."""
    effect = command.command == "fan_start"
    seen = any(
        reading.values.get("fan_running") is effect and then <= reading.received_at <= at
        for reading in story.readings
    )
    return seen or any(
        identity == command.identity and then <= replied <= at
        for replied, identity in story.replies
    )


@given(EVENTS)
@settings(deadline=None, max_examples=250)
def test_no_order_is_given_later_than_its_expiry_and_equal_identities_are_equal_orders(
    events: list[Event],
) -> None:
    station = Story().play(events).station
    assert all(at < command.expires_at for at, command in station.commands())
    orders = [command for _, command in station.commands()]
    assert len({order.identity for order in orders}) == len(set(orders)) == len(orders)


@given(EVENTS)
@settings(deadline=None, max_examples=250)
def test_the_fan_is_told_to_stop_only_by_a_reading_in_which_gas_is_known_to_be_clear(
    events: list[Event],
) -> None:
    story = Story().play(events)
    heard = {reading.received_at: reading for reading in story.readings}
    for at, command in story.station.commands():
        if command.command == "fan_stop":
            values = heard[at].values
            assert values["sensor_status"] == "ok"
            ch4 = values["ch4_lel_pct"]
            assert isinstance(ch4, float)
            assert ch4 < 20.0


@given(EVENTS)
@settings(deadline=None, max_examples=150)
def test_a_restart_after_any_event_changes_no_order_alert_or_state(events: list[Event]) -> None:
    one, other = Story(), Story()
    for event in events:
        one.play([event])
        other.play([event])
        other.station.restart()
    assert other.station.effects == one.station.effects
    states = [story.station.store.load(TANK) for story in (one, other)]
    assert states[0] == states[1]


@given(EVENTS)
@settings(deadline=None, max_examples=100)
def test_what_time_brings_is_the_same_however_often_it_is_asked_for(events: list[Event]) -> None:
    one, other = Story(), Story()
    for event in events:
        before = one.now
        for story in (one, other):
            story.station.wait(before + round(event.after_s * SECOND))
        for _ in range(3):
            other.station.tick(before + round(event.after_s * SECOND))
        one.play([event])
        other.play([event])
    assert other.station.effects == one.station.effects


def reading(second: float, ch4: float, *, fan: bool) -> Reading:
    at = START + round(second * SECOND)
    values: dict[str, Value] = {"ch4_lel_pct": ch4, "fan_running": fan, "sensor_status": "ok"}
    return Reading(DEVICE, "gas_monitor", at, at, values)


def test_a_retry_that_fell_due_while_the_service_was_down_is_not_given_late() -> None:
    station = Station()
    station.hear(reading(0, 26, fan=False))
    station.restart()
    station.tick(START + 60 * MINUTE)
    assert [command.command for _, command in station.commands()] == ["fan_start"]
    station.hear(reading(3_601, 26, fan=False))
    assert [at - START for at, _ in station.commands()] == [0, 3_601 * SECOND]


def test_a_restart_right_after_an_order_gives_no_second_one() -> None:
    station = Station()
    station.hear(reading(0, 26, fan=False))
    for second in (1, 2, 3):
        station.restart()
        station.hear(reading(second, 26, fan=False))
    assert len(station.commands()) == 1


def test_a_fan_that_is_still_running_down_is_not_told_to_stop_again() -> None:
    station = Station()
    station.hear(reading(0, 26, fan=True))
    for second in (900, 903, 909.9):
        station.hear(reading(second, 5, fan=True))
    assert [command.command for _, command in station.commands()] == ["fan_stop"]
    station.hear(reading(910, 5, fan=True))
    assert len(station.commands()) == 2


def test_a_reading_that_shows_the_fan_running_comes_before_the_alert_that_nothing_started() -> None:
    station = Station()
    slow = reading(0, 26, fan=False)
    station.hear(slow._replace(received_at=slow.measured_at + 31 * SECOND))
    station.hear(reading(61, 26, fan=True))
    assert not [change for change in station.changes() if change.rule == "interlock_failed"]


def test_a_failed_fan_stays_critical_until_a_person_resets_it() -> None:
    station = Station()
    station.hear(reading(0, 26, fan=False))
    station.wait(START + 30 * SECOND)
    station.hear(reading(31, 5, fan=False))
    transitions = [change.transition for change in station.changes()]
    assert transitions == [Transition.RAISED, Transition.CLEARED]
    assert station.engine.reset(TANK, "fan_failed", START + 40 * SECOND)
    station.commit(START + 40 * SECOND)
    assert [change.transition for change in station.changes()][2:] == [
        Transition.RESET,
        Transition.RESOLVED,
    ]


def test_an_override_of_a_mode_or_sequence_that_is_not_there_is_refused() -> None:
    engine = Station().engine
    assert not engine.override(TANK, "ventilation", Override("fast", START), START)
    assert not engine.override(TANK, "irrigation", Override("run", START), START)


def test_a_command_is_proven_by_its_effect_and_by_nothing_else() -> None:
    flight = issued("gas_monitor/g-1", "fan_start", START, 10 * SECOND)
    done = answered(flight, flight.identity, "done")
    assert done is not None
    assert outcome(done, START + 9 * SECOND, effect=False) is Outcome.WAITING
    assert outcome(done, START + 10 * SECOND, effect=False) is Outcome.FAILED
    assert outcome(flight, START + 10 * SECOND, effect=True) is Outcome.PROVEN
    assert answered(flight, "another", "refused") == flight
    assert answered(done, flight.identity, "refused") == done
    refused = answered(flight, flight.identity, "refused")
    assert refused is not None
    assert outcome(refused, START, effect=False) is Outcome.FAILED


class Plant:
    """A tank, its fan and its monitor, which obeys each identity once and none that is expired."""

    def __init__(self, *, fan_works: bool = True) -> None:
        self.station = Station()
        self.tank = Tank(5.0, 0.5, 0.5)
        self.fan_works = fan_works
        self.fan_on = False
        self.highest = 0.0
        self.obeyed: list[tuple[float, str]] = []
        self._heard: set[str] = set()

    def run(self, first_s: int, last_s: int, source: Source) -> None:
        """Let seconds pass: every fifth is measured."""
        for second in range(first_s, last_s):
            self.tank = after(self.tank, 1 / 3_600, source, fan_runs=self.fan_on)
            self.highest = max(self.highest, self.tank.ch4_lel_pct)
            at = START + second * SECOND
            self.station.wait(at)
            if second % 5 == 0:
                self.station.hear(self._measured(at))
            self._obey(at)

    def _measured(self, at: Instant) -> Reading:
        values: dict[str, Value] = {
            "ch4_lel_pct": round(self.tank.ch4_lel_pct, 1),
            "o2_vol_pct": round(self.tank.o2_vol_pct, 2),
            "fan_running": self.fan_on,
            "sensor_status": "ok",
        }
        return Reading(DEVICE, "gas_monitor", at, at, values)

    def _obey(self, at: Instant) -> None:
        for _, command in self.station.commands():
            if command.identity not in self._heard and at <= command.expires_at:
                self._heard.add(command.identity)
                self.fan_on = self.fan_works and command.command == "fan_start"
                self.obeyed.append(((at - START) / SECOND, command.command))
                self.station.reply("done", at)


BUILD_UP = Source(60.0, 0.5, 0.5)
CALM = Source(5.0, 0.5, 0.5)


def test_gas_builds_up_the_fan_is_started_gas_falls_and_the_fan_stops() -> None:
    plant = Plant()
    plant.run(0, 3_000, BUILD_UP)
    plant.run(3_000, 7_200, CALM)
    assert [command for _, command in plant.obeyed] == ["fan_start", "fan_stop"]
    assert plant.obeyed[1][0] - plant.obeyed[0][0] >= 15 * 60
    assert 24.9 <= plant.highest < 26
    assert plant.tank.ch4_lel_pct < 10
    assert not plant.fan_on
    assert plant.station.changes() == []


def test_a_fan_that_does_not_start_is_told_within_half_a_minute_of_level_1() -> None:
    plant = Plant(fan_works=False)
    plant.run(0, 2_400, BUILD_UP)
    failed = plant.station.changes()[0]
    assert failed.rule == "fan_failed"
    assert failed.told_at <= START + plant.obeyed[0][0] * SECOND + 30 * SECOND


def test_a_source_that_goes_on_is_ventilated_again_and_told_as_chronic() -> None:
    plant = Plant()
    plant.run(0, 4 * 3_600, BUILD_UP)
    assert [command for _, command in plant.obeyed].count("fan_start") >= 3
    assert {change.rule for change in plant.station.changes()} == {"chronic_source"}
    assert plant.highest < 26


def test_a_tank_that_is_well_takes_little_room() -> None:
    station = Station()
    for second in range(0, 600, 10):
        station.hear(reading(second, 3.0, fan=False))
    saved = station.store.load(TANK)
    assert saved is not None
    assert len(saved) < 400
