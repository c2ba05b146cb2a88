"""The rule `stopped_meter`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.standstill import Daily, Flowing, Standstill
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.meter_size import permanent_flow_lh
from rules.rule import AlertRule, Numbers
from rules.water_day import WATER_DAY

_SHARE = 0.9
_FLOW_M3H, _RUN_L, _SAMPLES = 0.025, 50.0, 4
_SOURCE = "GB/T 778.1: Q1 of DN15 with R100; 50 L in four readings is general knowledge"

DRY_DAYS = Limit(
    name="dry_days",
    default=21.0,
    unit="d",
    low=7.0,
    high=90.0,
    tighter=Tighter.LOWER,
    source="general knowledge: longer than most holidays",
)


def _condition(numbers: Numbers) -> Condition:
    days = numbers[DRY_DAYS.name]
    larger = permanent_flow_lh(numbers.traits.size) / permanent_flow_lh(None)
    flowing = Flowing(_FLOW_M3H * larger, _RUN_L * larger, _SAMPLES, _SOURCE)
    return Standstill(flowing, Daily(int(days.value), _SHARE, days.source))


RULE = AlertRule(
    name="stopped_meter",
    title="Water meter stands still",
    title_zh="水表停走",
    scope="device",
    # The counter is read as well, beside the flow: it alone is no reason to ask this rule.
    fields={"water_meter": frozenset({WATER_DAY, "flow_m3h"})},
    condition=_condition,
    limits=(DRY_DAYS,),
    stale_after=timedelta(hours=54),
    quieted_by=frozenset({"away", "maintenance"}),
    explanation=Template(
        zh="瞬时流量 {flow_m3h} m3/h，读数却停在 {counter_m3} m3，期间至少流过 {run_l} L，"
        "限值 {limit_l} L（依据：{limit_from}），自 {start_at} 起。",
        en="A flow of {flow_m3h} m3/h, and the counter stands at {counter_m3} m3 while at least"
        " {run_l} L ran; the limit is {limit_l} L ({limit_from}), since {start_at}.",
        otherwise=Template(
            zh="读数已 {dry_days} 天未动，此前 {share_pct}% 的日子有用水；限值 {limit_days} 天"
            "（依据：{limit_from}），自 {start_at} 起。住户外出也会如此。",
            en="The counter has stood for {dry_days} days, in a home with water on {share_pct} % of"
            " its days; the limit is {limit_days} days ({limit_from}), since {start_at}. It may be"
            " that nobody is at home.",
        ),
    ),
)
