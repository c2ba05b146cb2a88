"""What the three rules of gas levels share: logic, durations, words."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.threshold import Level, Threshold
from rules.conditions.trusted import Trusted
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import REMOVED, AlertRule, Numbers
from rules.severity import Severity

STANDARD = "GB/T 50493-2019"
NOT_TO_BE_TRUSTED = frozenset({"warming_up", "fault", "flooded"})
"""Of the sensor states. A sensor over its range is believed: there is more gas than it can show."""
OVER_RANGE = "over_range"
"""The state that says so, with a number or without one."""
QUIETED_BY = frozenset({REMOVED})
"""What concerns the air and not the sensor is told during maintenance: whoever is in the tank then
is the first to be warned. A calibration with test gas is told too, one call to the officer."""
HOLD = timedelta(seconds=30)
KEEP = timedelta(seconds=300)
STALE_AFTER = timedelta(minutes=10)
"""A monitor reports each minute or more often (general knowledge, not from a standard)."""


REMEDY = "ventilation"
_DONE = (
    ("告知时通风：{done}（至 {until_at}）。", "{done}, until {until_at}."),
    ("告知时通风：{done}，自 {done_at} 起。", "{done}, since {done_at}."),
    ("告知时通风：{done}。", "{done}."),
)


def with_remedy(zh: str, en: str) -> Template:
    """Return an explanation that ends with what the ventilation had done when it was told."""
    template = Template(zh, en)
    for done_zh, done_en in reversed(_DONE):
        told = f"{en} Ventilation when this was told: {done_en}"
        template = Template(f"{zh}{done_zh}", told, otherwise=template)
    return template


def trusted(condition: Condition) -> Condition:
    """Return the condition, judged only while the sensors are sound."""
    return Trusted(condition, "sensor_status", NOT_TO_BE_TRUSTED)


def gas_limit(name: str, default: float, low: float, unit: str) -> Limit:
    """Return a limit of GB/T 50493; a level may set a lower one, starting ventilation earlier."""
    return Limit(
        name=name,
        default=default,
        unit=unit,
        low=low,
        high=default,
        tighter=Tighter.LOWER,
        source=STANDARD,
    )


def gas_level_rule(
    name: str, titles: tuple[str, str], field: str, limits: tuple[Limit, Limit], band: float
) -> AlertRule:
    """Return the rule of one gas; `band` is how far below a limit it counts as left."""

    def condition(numbers: Numbers) -> Condition:
        levels = tuple(
            Level(severity, level.value, max(level.value - band, 0.0), level.source)
            for severity, level in zip(
                (Severity.WARNING, Severity.CRITICAL),
                (numbers[limit.name] for limit in limits),
                strict=True,
            )
        )
        return trusted(Threshold(field, levels, samples=2))

    title_zh, title = titles
    unit = limits[0].unit
    return AlertRule(
        name=name,
        title=title,
        title_zh=title_zh,
        scope="device",
        fields={"gas_monitor": frozenset({field, "sensor_status"})},
        condition=condition,
        limits=limits,
        hold=HOLD,
        keep=KEEP,
        stale_after=STALE_AFTER,
        latch_from=Severity.CRITICAL,
        quieted_by=QUIETED_BY,
        remedy=REMEDY,
        explanation=with_remedy(
            zh=f"{title_zh}告知时为 {{value}} {unit}，已达到限值 {{limit}} {unit}"
            f"（依据：{{limit_from}}），自 {{start_at}} 起，最高 {{worst}} {unit}。",
            en=f"{title}: {{value}} {unit} when told, the limit of {{limit}} {unit} was reached "
            f"({{limit_from}}). It began at {{start_at}}, {{worst}} {unit} at the most.",
        ),
    )
