"""Rules made up for the tests of the engine."""

from dataclasses import replace
from datetime import timedelta

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import State, Timeless, Verdict
from rules.conditions.accumulated import Accumulated, Amounts
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.finding import Finding
from rules.limits import Limit, Tighter
from rules.moment import Moment
from rules.rule import AlertRule
from rules.severity import Severity

RULE = AlertRule(
    name="made_up",
    title="Made up",
    title_zh="虚构",
    scope="device",
    fields={"gas_monitor": frozenset({"ch4_lel_pct"})},
    condition=lambda numbers: Threshold(
        "ch4_lel_pct",
        (
            Level(
                Severity.WARNING,
                numbers["limit"].value,
                numbers["limit"].value - 5,
                numbers["limit"].source,
            ),
        ),
    ),
    limits=(
        Limit(
            name="limit",
            default=50.0,
            unit="%LEL",
            low=10.0,
            high=50.0,
            tighter=Tighter.LOWER,
            source="made up",
        ),
    ),
    hold=timedelta(minutes=10),
    keep=timedelta(minutes=5),
    explanation=Template(zh="{value}", en="{value}"),
)


class _Broken(Timeless):
    def start(self) -> State:
        return 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        return state, Finding(None, reading.measured_at // 0, 0)


class _BrokenAtTicks:
    def start(self) -> State:
        return 0

    def observe(self, state: State, reading: Reading) -> Verdict:
        return max(state, reading.measured_at), None

    def tick(self, state: State, moment: Moment) -> Verdict:
        return state, Finding(None, moment.at // 0, 0)

    def deadline(self, state: State) -> Instant | None:
        return state or None


def broken(*, ticks: bool = False) -> AlertRule:
    """A rule whose condition raises, at readings or at ticks."""
    condition = _BrokenAtTicks() if ticks else _Broken()
    return replace(RULE, name="broken", condition=lambda _: condition)


def daily(level: Level, *, falling: bool = False) -> AlertRule:
    """A rule of the water of the last 24 hours, which late data amends."""
    condition = Accumulated(
        Amounts("increment_m3", "slot_minutes"),
        timedelta(hours=24),
        timedelta(hours=1),
        (level,),
        falling=falling,
    )
    return replace(
        RULE,
        name="daily",
        fields={"water_meter": frozenset({"increment_m3"})},
        condition=lambda _: condition,
        hold=timedelta(0),
        amends=True,
    )
