"""The rule `gas_jump`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.jump import Jump, Step
from rules.explanation import Template
from rules.library.gas_levels import trusted
from rules.library.gas_ranges import FIELDS, RANGES
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

SHARE = Limit(
    name="share_pct",
    default=50.0,
    unit="%",
    low=20.0,
    high=100.0,
    tighter=Tighter.LOWER,
    source="practice: more than half the range in one sample",
)


def _condition(numbers: Numbers) -> Condition:
    share = numbers[SHARE.name]
    steps = tuple(
        Step(sensor.quantity, sensor.field, sensor.full * share.value / 100) for sensor in RANGES
    )
    return trusted(Jump(steps, Severity.NOTICE, share.source))


RULE = AlertRule(
    name="gas_jump",
    title="Gas reading jumped",
    title_zh="气体读数突变",
    scope="device",
    fields=FIELDS,
    condition=_condition,
    limits=(SHARE,),
    keep=timedelta(minutes=10),
    stale_after=timedelta(minutes=30),
    explanation=Template(
        zh="{of} 读数在一次采样间由 {before} 变为 {value}，超过 {limit}（依据：{limit_from}）。",
        en="{of} leapt from {before} to {value} in one sample, by more than {limit} "
        "({limit_from}).",
    ),
)
