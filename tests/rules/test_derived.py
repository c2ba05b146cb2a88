"""Laws of derived values."""

from dataclasses import dataclass, replace

import pytest

from devices.reading import Reading, Value
from devices.sample import samples_of
from rules import bound
from rules.bound import Rulebook
from rules.casefile import SavedStates
from rules.condition import State, Timeless, Verdict
from rules.derived import DERIVATIONS, Derivation, shown_by
from rules.effect import AlertChange
from rules.engine import Engine
from rules.finding import Finding
from rules.memory import SavedState
from rules.register import DeviceFacts, PremisesFacts, TableRegister
from rules.rule import AlertRule
from rules.severity import Severity
from rules.subject import Scope, Subject
from rules.water_day import WATER_DAY, WATER_NIGHT
from rules.water_use import HOUR, WATER_USE, use_in
from tests.rules.made_up import RULE

START = 1_772_380_800_000
METER = Subject("device", "water_meter/m")
HOME = TableRegister({"water_meter/m": DeviceFacts(premises="home")}, {"home": PremisesFacts()})


@dataclass(frozen=True)
class Heard(Timeless):
    """Finds whatever use it is given. State: all litres it was given."""

    def start(self) -> State:
        return []

    def observe(self, state: State, reading: Reading) -> Verdict:
        use = use_in(reading)
        litres = None if use is None else use.litres
        after, at = [*state, litres], reading.measured_at
        return after, Finding(Severity.NOTICE, at, at, {"heard": str(after), "limit_from": ""})


def heard_by(scope: Scope) -> AlertRule:
    """A rule that remembers what it was given."""
    return replace(
        RULE,
        name=f"heard_by_{scope}",
        scope=scope,
        fields={"water_meter": frozenset({WATER_USE})},
        condition=lambda _: Heard(),
        limits=(),
    )


RULEBOOK = Rulebook((heard_by("device"), heard_by("premises")))


def counted(hour: float, litres: float) -> Reading:
    at = START + round(hour * HOUR)
    return Reading("m", "water_meter", at, at, {"cumulative_m3": litres / 1_000})


class Meter:
    """A meter with its journal; each reading is one transaction."""

    def __init__(self) -> None:
        self.store = SavedStates()
        self.restart()

    def restart(self) -> None:
        self.engine = Engine(RULEBOOK, HOME, self.store)

    def take_in(self, reading: Reading, *, late: bool = False) -> "Meter":
        self.engine.observe(reading, late=late)
        outcome = self.engine.take()
        assert outcome.failures == ()
        self.store.states.update(outcome.states)
        return self

    def heard(self) -> list[str]:
        """Return all litres that the rules of the meter and of its dwelling were given."""
        homes = (METER, Subject("premises", "home"))
        return [
            str(life.evidence["heard"])
            for subject in homes
            for life in self.engine.lives(subject).values()
        ]


def test_a_rule_is_given_what_is_derived_and_so_is_one_of_the_dwelling() -> None:
    meter = Meter().take_in(counted(0, 100)).take_in(counted(1, 107)).take_in(counted(2, 110))
    assert meter.heard() == ["[7.0, 3.0]"] * 2


def test_a_restart_loses_nothing_of_it() -> None:
    meter = Meter().take_in(counted(0, 100)).take_in(counted(1, 107))
    meter.restart()
    assert meter.take_in(counted(2, 110)).heard() == ["[7.0, 3.0]"] * 2


def test_neither_a_late_reading_nor_a_repeat_advances_it() -> None:
    meter = Meter().take_in(counted(0, 100)).take_in(counted(2, 107))
    meter.take_in(counted(1, 103), late=True).take_in(counted(2, 107))
    assert meter.take_in(counted(3, 110)).heard() == ["[7.0, 3.0]"] * 2


def test_what_was_rolled_back_has_not_advanced_it() -> None:
    meter = Meter().take_in(counted(0, 100))
    for _ in range(2):
        meter.engine.observe(counted(1, 107))
        meter.engine.take()
        meter.engine.discard()
    assert meter.take_in(counted(1, 107)).heard() == ["[7.0]"] * 2


def test_nothing_is_derived_that_no_rule_reads() -> None:
    engine = Engine(Rulebook((RULE,)), HOME, SavedStates())
    engine.observe(counted(0, 100))
    (saved,) = engine.take().states.values()
    assert WATER_USE.encode() not in saved.state


def test_a_derivation_that_raises_is_reported_and_the_rules_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(state: State, reading: Reading) -> tuple[State, object]:
        return state, reading.measured_at // 0

    made = Derivation("ch4_lel_pct", "gas_monitor", broken, frozenset())
    monkeypatch.setattr(bound, "DERIVATIONS", (made,))
    engine = Engine(Rulebook((RULE,)), HOME, SavedStates())
    values: dict[str, Value] = {"ch4_lel_pct": 60.0}
    engine.observe(Reading("g", "gas_monitor", START, START, values))
    outcome = engine.take()
    assert [(each.rule, each.error) for each in outcome.failures] == [
        ("ch4_lel_pct", "ZeroDivisionError")
    ]
    assert set(engine.lives(Subject("device", "gas_monitor/g"))) == {RULE.name}
    assert not [each for each in outcome.effects if isinstance(each, AlertChange)]


def test_a_state_of_another_version_is_refused() -> None:
    store = SavedStates({METER: SavedState(b"[1,{},{}]", None)})
    with pytest.raises(ValueError, match="expected version 3, found 1"):
        Engine(RULEBOOK, HOME, store).observe(counted(0, 100))


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.name)
def test_without_all_that_it_is_worked_out_from_there_is_no_value(derivation: Derivation) -> None:
    at, state = START, None
    for sample in samples_of(derivation.kind):
        for measured in sample.readings:
            at += 6 * HOUR
            values = {
                name: value
                for name, value in measured.values.items()
                if name not in derivation.reads
            }
            state, value = derivation.of(state, Reading("m", derivation.kind, at, at, values))
            assert value is None


def test_what_is_derived_of_what_is_derived_is_shown_as_well() -> None:
    assert shown_by("water_meter", ("cumulative_m3",)) > {WATER_USE, WATER_DAY, WATER_NIGHT}
    assert shown_by("water_meter", ("battery_v",)) == {"battery_v"}
    assert shown_by("door", ("cumulative_m3",)) == {"cumulative_m3"}
