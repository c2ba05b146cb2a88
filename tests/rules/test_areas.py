"""Laws of areas: many silent devices are one incident, and readings reach zones."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.instant import milliseconds_of
from devices.reading import Reading
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.catalogue import catalogue
from rules.condition import State, Timeless, Verdict
from rules.effect import AlertChange
from rules.engine import Engine
from rules.finding import Finding
from rules.lifecycle import Phase, Transition
from rules.register import DeviceFacts, Span, TableRegister
from rules.rule import BLIND_AREA
from rules.severity import Severity
from rules.subject import Subject, device_subject
from tests.rules.made_up import RULE

MINUTE = milliseconds_of(timedelta(minutes=1))
START = 1_772_380_800_000
COMMUNITY = "500106003001"
AREAS = ("500000", "500106", "500106003", COMMUNITY, COMMUNITY + "007")
SILENCE = Rulebook(
    tuple(rule for rule in catalogue().values() if rule.musters or BLIND_AREA in rule.quieted_by)
)
NAMES = tuple(f"g-{number}" for number in range(10))


def register(**changed: DeviceFacts) -> TableRegister:
    facts = {f"gas_monitor/{name}": DeviceFacts(areas=AREAS) for name in NAMES}
    facts.update((f"gas_monitor/{name.replace('_', '-')}", each) for name, each in changed.items())
    return TableRegister(facts)


def gas(minute: float, device: str) -> Reading:
    at = START + round(minute * MINUTE)
    return Reading(device, "gas_monitor", at, at, {"sensor_status": "ok"})


class Watch:
    """An engine, what it saved, and what it told."""

    def __init__(self, facts: TableRegister) -> None:
        self.register = facts
        self.store = SavedStates()
        self.engine = Engine(SILENCE, facts, self.store)
        self.effects: list[AlertChange] = []

    def hear(self, minute: float, *devices: str) -> None:
        for device in devices:
            self.engine.observe(gas(minute, device))
        self.take()

    def tick(self, minute: float) -> None:
        self.engine.tick(START + round(minute * MINUTE))
        self.take()

    def take(self) -> None:
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        self.effects += [each for each in outcome.effects if isinstance(each, AlertChange)]

    def restart(self) -> None:
        self.engine = Engine(SILENCE, self.register, self.store)

    def told(self) -> Counter[str]:
        """What people are told of, by rule."""
        return Counter(change.rule for change in self.effects if not change.suppressed)

    def seen(self) -> list[tuple[str, object]]:
        return sorted((change.identity, change.suppressed) for change in self.effects)

    def life_of(self, device: str) -> Phase:
        lives = self.engine.lives(device_subject("gas_monitor", device))
        return lives["gas_silent"].visible


def outage(watch: Watch, ticks: Iterable[float], *, restarts: bool = False) -> None:
    """Nine fall silent within a minute, eight come back after half an hour, one never does."""
    looks = [*ticks]
    events = [(minute / 10, NAMES[minute % 10]) for minute in range(50)]
    events += [(minute / 2, NAMES[0]) for minute in range(11, 120)]
    events += [(30 + number / 10, NAMES[number]) for number in range(1, 9)]
    events += [(minute, NAMES[number]) for minute in range(31, 60) for number in range(1, 9)]
    for minute, device in sorted(events):
        while looks and looks[0] <= minute:
            watch.tick(looks.pop(0))
        watch.hear(minute, device)
        if restarts:
            watch.restart()
    watch.tick(60)


def test_what_is_told_of_an_outage_does_not_depend_on_ticks_or_restarts() -> None:
    often, seldom, restarted = Watch(register()), Watch(register()), Watch(register())
    outage(often, (number / 20 for number in range(1_200)))
    outage(seldom, (33.3,))
    outage(restarted, (float(number) for number in range(60)), restarts=True)
    assert often.seen() == seldom.seen() == restarted.seen()
    assert often.told() == {"blind_area": 2, "gas_silent": 1}


def test_an_outage_of_five_hundred_meters_is_one_alert() -> None:
    names = [f"w-{number}" for number in range(500)]
    facts = {f"water_meter/{name}": DeviceFacts(areas=AREAS) for name in names}
    watch = Watch(TableRegister(facts))
    for number, name in enumerate(names):
        at = START + number * 100
        watch.engine.observe(Reading(name, "water_meter", at, at, {"cumulative_m3": 1.0}))
    watch.take()
    watch.tick(100 * 60)
    assert watch.told() == {"blind_area": 1}
    raised = [change for change in watch.effects if change.transition is Transition.RAISED]
    assert Counter(change.rule for change in raised) == {"blind_area": 1, "meter_silent": 500}


def test_a_transaction_that_failed_leaves_no_trace_in_the_area() -> None:
    watch = Watch(register())
    watch.hear(0, *NAMES)
    watch.engine.tick(START + 9 * MINUTE)
    watch.engine.discard()
    watch.tick(20)
    assert watch.told() == {"blind_area": 1}


def test_devices_in_maintenance_do_not_make_an_area_blind_and_removed_ones_do_not_count() -> None:
    resting = DeviceFacts(areas=AREAS, maintenance=Span(0, START + 60 * MINUTE))
    watch = Watch(register(**dict.fromkeys(NAMES[:8], resting)))
    watch.hear(0, *NAMES)
    watch.tick(20)
    assert watch.told() == {"gas_silent": 2}
    gone = DeviceFacts(areas=AREAS, is_removed=True)
    facts = register(**dict.fromkeys(NAMES[:5], gone))
    assert facts.traits_of(Subject("area", COMMUNITY)).devices == (("gas_monitor", 5),)
    assert facts.area_of(device_subject("gas_monitor", NAMES[0])) is None


def test_of_a_device_that_was_removed_nothing_is_told_any_more() -> None:
    """What was told ends when the register is looked at anew; its silence is nobody's business."""
    watch = Watch(register())
    watch.hear(0, "g-1", "g-2")
    watch.tick(20)
    gone = DeviceFacts(areas=AREAS, is_removed=True)
    watch.engine.replace(SILENCE, register(**{"g-1": gone, "g-3": gone}))
    watch.engine.consider(device_subject("gas_monitor", "g-1"), START + 21 * MINUTE)
    watch.hear(21, "g-3")
    watch.tick(400)
    told = [(change.subject.id, change.transition.value) for change in watch.effects]
    assert [what for device, what in told if device.endswith("g-1")] == ["raised", "resolved"]
    assert [what for device, what in told if device.endswith("g-2")] == ["raised", "escalated"]
    assert [what for device, what in told if device.endswith("g-3")] == []


def test_a_device_that_was_moved_away_is_no_longer_hushed() -> None:
    watch = Watch(register())
    watch.hear(0, *NAMES)
    watch.tick(20)
    assert watch.life_of("g-9") is Phase.SUPPRESSED
    moved = DeviceFacts(areas=(*AREAS[:3], "500106003002"))
    watch.engine.replace(SILENCE, register(**{"g-9": moved}))
    watch.hear(21, "g-0")
    assert watch.life_of("g-9") is Phase.FIRING
    assert watch.life_of("g-8") is Phase.SUPPRESSED


def test_a_device_that_was_moved_away_is_heard_of_although_a_transaction_failed() -> None:
    watch = Watch(register())
    watch.hear(0, *NAMES)
    watch.tick(20)
    moved = DeviceFacts(areas=(*AREAS[:3], "500106003002"))
    watch.engine.replace(SILENCE, register(**{"g-9": moved}))
    watch.engine.observe(gas(21, "g-0"))
    watch.engine.discard()
    watch.hear(21, "g-0")
    assert watch.life_of("g-9") is Phase.FIRING


@pytest.mark.parametrize(
    ("digits", "area"), [(12, COMMUNITY), (9, "500106003"), (6, "500106"), (15, AREAS[-1])]
)
def test_the_level_of_the_area_can_be_chosen(digits: int, area: str) -> None:
    facts = replace(register(), area_digits=digits)
    assert facts.area_of(device_subject("gas_monitor", "g-1")) == area
    assert facts.places_of(Subject("area", area)) == AREAS[: AREAS.index(area) + 1]


def test_each_kind_has_at_most_one_rule_whose_silence_areas_hear_of() -> None:
    kinds = Counter(kind for rule in SILENCE.rules if not rule.musters for kind in rule.fields)
    assert max(kinds.values()) == 1


class _Counted(Timeless):
    def start(self) -> State:
        return 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        found = Finding(Severity.NOTICE, reading.measured_at, reading.measured_at)
        return state + 1, found

    amend = observe


def zones(bulk: str | None) -> tuple[Engine, TableRegister]:
    facts = {
        "water_meter/home": DeviceFacts(areas=AREAS),
        "water_meter/bulk": DeviceFacts(areas=AREAS),
        "water_meter/elsewhere": DeviceFacts(areas=("500000", "500107")),
    }
    found = TableRegister(facts, bulk={} if bulk is None else {"water_meter/bulk": bulk})
    rule = replace(
        RULE,
        scope="area",
        fields={"water_meter": frozenset({"increment_m3"})},
        condition=lambda _: _Counted(),
    )
    return Engine(Rulebook((rule,)), found, SavedStates()), found


def water(minute: int, device: str) -> Reading:
    at = START + minute * MINUTE
    return Reading(device, "water_meter", at, at, {"increment_m3": 0.01, "slot_minutes": 30})


@pytest.mark.parametrize(
    ("bulk", "subjects"),
    [
        (None, set[str]()),
        (COMMUNITY, {COMMUNITY}),
        ("500106", {"500106"}),
    ],
)
def test_readings_reach_the_areas_that_have_a_bulk_meter_and_no_other(
    bulk: str | None, subjects: set[str]
) -> None:
    engine, facts = zones(bulk)
    for device in ("home", "bulk", "elsewhere"):
        engine.observe(water(0, device))
        engine.observe(water(0, device))
    states = engine.take().states
    assert {subject.id for subject in states if subject.scope == "area"} == subjects
    for area in subjects:
        (state,) = (saved.state for subject, saved in states.items() if subject.scope == "area")
        assert b'"made_up":2}' in state, "each reading counts once"
        assert facts.traits_of(Subject("area", area)).bulk == ("water_meter/bulk",)


def test_a_bulk_meter_is_of_its_own_zone_alone() -> None:
    facts = {
        "water_meter/inner": DeviceFacts(areas=AREAS),
        "water_meter/outer": DeviceFacts(areas=AREAS),
        "water_meter/home": DeviceFacts(areas=AREAS),
    }
    bulk = {"water_meter/inner": COMMUNITY, "water_meter/outer": "500106"}
    found = TableRegister(facts, bulk=bulk)
    of: dict[str, tuple[str, ...]] = {
        device: found.zones_of(water(0, device)) for device in ("inner", "outer", "home")
    }
    assert of == {"inner": (COMMUNITY,), "outer": ("500106",), "home": ("500106", COMMUNITY)}
