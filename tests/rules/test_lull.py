"""Readings that wait: what is told, and when, is as if none ever had."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from devices.instant import Instant
from devices.reading import Reading, Value
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue, sequences
from rules.effect import AlertChange, Effect
from rules.engine import Engine
from rules.lull import MOST_WAITING
from rules.register import DeviceFacts, PremisesFacts, TableRegister
from rules.store import Outcome
from rules.subject import Subject

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_772_380_800_000
"""2026-03-02 00:00 +08:00."""
HOME = "d-0000000000000001"
METER = Subject("device", "water_meter/one")
RULES = Rulebook(tuple(catalogue().values()), sequences=tuple(sequences().values()))
HISTORY = 16 * 24
"""Readings before anything else happens: some rules learn for 14 days."""
_DRAWN_L = (0, 0, 0, 0, 0, 0, 12, 38, 25, 0, 6, 14, 22, 9, 0, 0, 7, 18, 41, 30, 16, 28, 19, 0)


class Stretch(NamedTuple):
    """So many readings alike, each so long after the one before.

    The home draws as usual, `more_l` an hour besides, and then the counter `jumps_l`. `fields` are
    said as well. The clock is `ahead` minutes; `late`: the minutes by which a reading is older.
    """

    readings: int = 24
    every: int = 60
    more_l: float = 0.0
    jumps_l: float = 0.0
    fields: tuple[tuple[str, Value], ...] = ()
    ahead: int = -1
    late: int = 0
    dry: bool = False


_SAYS: dict[str, Value] = {
    "battery_v": 3.61,
    "flags": "",
    "flow_m3h": 0.0,
    "rsrp_dbm": -95,
    "serial": "A1",
    "valve": "open",
    "resolution_l": 1,
    "reverse_m3": 0.25,
    "water_temperature_c": 12.0,
}
"""What a meter says of itself when it is well."""
_FIELDS: tuple[tuple[str, ...], ...] = ((), ("battery_v", "flow_m3h"), tuple(_SAYS))
_DAY = Stretch()
_FAULTS = (
    _DAY,
    Stretch(24, dry=True),
    Stretch(75, dry=True),
    Stretch(14, fields=(("rsrp_dbm", -131),)),
    Stretch(2, fields=(("battery_v", 3.15),)),
    Stretch(2, fields=(("flags", "cover_open"),)),
    Stretch(30, more_l=1.2),
    Stretch(40, more_l=12.0),
    Stretch(20, more_l=24.0),
    Stretch(20, more_l=35.0),
    Stretch(80, more_l=30.0, fields=(("flow_m3h", 0.03),)),
    Stretch(3, more_l=400.0),
    Stretch(1, more_l=170.0),
    Stretch(3, every=200),
    Stretch(1, every=13 * 60),
    Stretch(1, every=26 * 60),
    Stretch(1, every=70 * 60),
    Stretch(1, every=300 * 60),
    Stretch(30, every=15),
    Stretch(9, every=15, dry=True, fields=(("flow_m3h", 0.12),)),
    Stretch(9, dry=True, fields=(("flow_m3h", 0.12),)),
    Stretch(1, jumps_l=-5.0),
    Stretch(1, jumps_l=-9_000.0),
    Stretch(1, jumps_l=80_000.0),
    Stretch(9, fields=(("serial", "A2"),)),
    Stretch(20, dry=True, fields=(("valve", "shut"),)),
    Stretch(9, fields=(("resolution_l", 100),)),
    Stretch(5, fields=(("reverse_m3", 0.75),)),
    Stretch(5, fields=(("water_temperature_c", 1.0),)),
    Stretch(5, fields=(("water_temperature_c", -1.0),)),
    Stretch(12, ahead=90),
    Stretch(12, ahead=-300),
    Stretch(1, late=90),
    Stretch(6, late=400),
)
STRETCHES = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from(_FAULTS)).map(
        lambda each: (Stretch(each[0]), each[1])
    ),
    min_size=1,
    max_size=6,
).map(lambda pairs: [each for pair in pairs for each in pair])
"""Each fault after some hours in which all was well."""
FIELDS = st.sampled_from(_FIELDS)
NUMBERS = st.frozensets(st.integers(HISTORY, HISTORY + 200), max_size=12)


def arrivals(stretches: Sequence[Stretch], fields: Sequence[str] = ()) -> Iterator[Reading]:
    """Yield the readings of a meter of an ordinary home that always says these fields."""
    now, litres = START, 10_000.0
    for stretch in (Stretch(HISTORY), *stretches):
        for _ in range(stretch.readings):
            now += stretch.every * MINUTE
            usual = 0 if stretch.dry else _DRAWN_L[(now // HOUR + 8) % 24] * stretch.every / 60
            litres += usual + stretch.more_l * stretch.every / 60
            at = now + (stretch.ahead - stretch.late) * MINUTE
            values = {name: _SAYS[name] for name in fields} | dict(stretch.fields)
            values["cumulative_m3"] = round(litres / 1_000, 3)
            yield Reading("one", "water_meter", at, now, values)
        litres = max(0.0, litres + stretch.jumps_l)


class Journal(SavedStates):
    """States and readings, as of the last transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.readings: list[Reading] = []

    def since(self, subject: Subject, at: Instant) -> Sequence[Reading]:
        assert subject == METER
        after = (each for each in self.readings if each.measured_at > at)
        return sorted(after, key=lambda each: each.measured_at)[:MOST_WAITING]


class Service:
    """An engine, its journal, and what it told when."""

    def __init__(self, waiting: int, size: str | None = None) -> None:
        self._waiting = waiting
        self._register = TableRegister({METER.id: DeviceFacts(size=size)} if size else {})
        self.journal = Journal()
        self.told: list[tuple[Instant, tuple[Effect, ...]]] = []
        self.written = 0
        self._instants: set[Instant] = set()
        self.restart()

    def restart(self) -> None:
        self.engine = Engine(RULES, self._register, self.journal, waiting=self._waiting)

    def live(self, reading: Reading, *, fails: bool = False) -> None:
        """Let time pass, then take a reading in; at the second try, if the first one fails."""
        if reading.measured_at in self._instants:
            return
        late = reading.measured_at < max(self._instants, default=0)
        while (due := self.engine.next_deadline()) is not None and due < reading.received_at:
            self.engine.tick(due)
            self._keep(due, self.engine.take())
        for failing in (True, False)[not fails :]:
            self.engine.tick(reading.received_at)
            self.engine.observe(reading, late=late)
            outcome = self.engine.take()
            if failing:
                self.engine.discard()
        self.journal.readings.append(reading)
        self._instants.add(reading.measured_at)
        self._keep(reading.received_at, outcome)

    def _keep(self, now: Instant, outcome: Outcome) -> None:
        assert outcome.failures == ()
        self.journal.states.update(outcome.states)
        self.written += len(outcome.states)
        if outcome.effects:
            self.told.append((now, outcome.effects))

    def state(self) -> object:
        """Return what is known of the meter once nothing waits."""
        self.engine.lives(METER)
        saved = self.engine.take().states.get(METER, self.journal.states.get(METER))
        return saved and from_json(saved.state)


@given(STRETCHES, FIELDS)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_what_is_told_is_told_at_the_same_reading_as_if_none_had_waited(
    stretches: list[Stretch], fields: tuple[str, ...]
) -> None:
    patient, eager = Service(MOST_WAITING), Service(0)
    for reading in arrivals(stretches, fields):
        patient.live(reading)
        eager.live(reading)
    assert patient.told == eager.told
    assert patient.state() == eager.state()


def test_a_day_before_a_gap_of_days_does_not_wait_for_the_next_morning() -> None:
    day = [Stretch(2, dry=True, jumps_l=500.0)] * 6 + [Stretch(3, dry=True)]
    gap = Stretch(1, every=(24 + 24 + 10) * 60, dry=True)
    patient, eager = Service(MOST_WAITING), Service(0)
    for reading in arrivals([*day, gap, Stretch(24)]):
        patient.live(reading)
        eager.live(reading)
    assert patient.told == eager.told
    assert "high_day" in {
        each.rule for _, told in eager.told for each in told if isinstance(each, AlertChange)
    }


FLOWS = (0.0, 900.0, 4_990.0, 5_010.0, 31_900.0, 32_100.0, 60_000.0)
"""More and less than the largest flow of some sizes, in L/h."""
_SAID_BESIDES: tuple[tuple[tuple[str, Value], ...], ...] = (
    (),
    (("flags", "leak"),),
    (("flow_m3h", 0.3),),
)
LARGE = st.lists(
    st.tuples(
        st.integers(1, 15),
        st.sampled_from(FLOWS),
        st.sampled_from(_SAID_BESIDES),
    ).map(lambda each: Stretch(each[0], more_l=each[1], fields=each[2])),
    min_size=1,
    max_size=6,
)


@given(LARGE, st.sampled_from(("DN15", "DN40", "DN50", "DN100")), FIELDS)
@settings(deadline=None, derandomize=True, max_examples=30)
def test_so_it_is_with_a_meter_of_any_size(
    stretches: list[Stretch], size: str, fields: tuple[str, ...]
) -> None:
    patient, eager = Service(MOST_WAITING, size), Service(0, size)
    for reading in arrivals(stretches, fields):
        patient.live(reading)
        eager.live(reading)
    assert patient.told == eager.told
    assert patient.state() == eager.state()


def test_a_bulk_meter_waits_like_any_other() -> None:
    one = Service(MOST_WAITING, "DN100")
    for reading in arrivals([Stretch(240, more_l=4_000.0)]):
        one.live(reading)
    assert one.written < 150
    assert not any(effects for _, effects in one.told)


@given(STRETCHES, FIELDS, NUMBERS, NUMBERS)
@settings(deadline=None, derandomize=True, max_examples=60)
def test_a_death_or_a_failed_commit_loses_none_that_waited(
    stretches: list[Stretch],
    fields: tuple[str, ...],
    deaths: frozenset[int],
    failures: frozenset[int],
) -> None:
    patient, eager = Service(MOST_WAITING), Service(0)
    for number, reading in enumerate(arrivals(stretches, fields)):
        if number in deaths:
            patient.restart()
        patient.live(reading, fails=number in failures)
        eager.live(reading)
    assert patient.told == eager.told
    assert patient.state() == eager.state()


def at_home() -> Iterator[Reading]:
    """Yield what meter and door of a home say in three days; the meter at night, at once."""
    for day in range(3):
        begin = START + day * 24 * HOUR
        for number in range(25):
            at = begin + 8 * HOUR + number * 25 * MINUTE
            said: dict[str, Value] = {"event": "opened", "opened_by": "card", "dwelling": HOME}
            yield Reading("flat", "door", at, at, said)
        for hour in range(1, 24):
            counted = {"cumulative_m3": round(10 + day * 0.3 + hour / 100, 3)}
            at = begin + hour * HOUR
            yield Reading("one", "water_meter", at, begin + 23 * HOUR + 30 * MINUTE, counted)


def test_the_time_of_a_home_does_not_hang_on_a_meter_that_waits() -> None:
    facts = {each: DeviceFacts(premises=HOME) for each in (METER.id, "door/flat")}
    register = TableRegister(facts, {HOME: PremisesFacts()})
    told: list[list[Effect]] = []
    for waiting in (MOST_WAITING, 0):
        engine, effects = Engine(RULES, register, Journal(), waiting=waiting), list[Effect]()
        arrived = list(at_home())
        for now in range(START, START + 4 * 24 * HOUR, 5 * MINUTE):
            engine.tick(now)
            while arrived and arrived[0].received_at <= now:
                engine.observe(arrived.pop(0))
            effects += engine.take().effects
        told.append(effects)
    assert told[0] == told[1]
    assert {each.rule for each in told[0] if isinstance(each, AlertChange)} >= {"frequent_outings"}


@pytest.mark.parametrize(
    ("fault", "alert"),
    [
        (None, None),
        (Stretch(2, fields=(("battery_v", 3.15),)), "water_battery"),
        (Stretch(1, jumps_l=-9_000.0), "counter_step"),
        (Stretch(40, more_l=12.0), "continuous_leak"),
        (Stretch(1, every=70 * 60), "meter_silent"),
    ],
)
def test_of_an_ordinary_day_a_state_is_written_a_few_times_whatever_alert_there_was(
    fault: Stretch | None, alert: str | None
) -> None:
    patient = Service(MOST_WAITING)
    life = list(arrivals([fault or Stretch(), Stretch(240)], ("battery_v",)))
    for reading in life[:-48]:
        patient.live(reading)
    before = patient.written
    for reading in life[-48:]:
        patient.live(reading)
    assert patient.written - before <= 6
    assert set(patient.engine.lives(METER)) == {alert} - {None}
