"""The rule `zone_balance`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.never import Never
from rules.conditions.zone_balance import Loss, Zone, ZoneBalance
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.water_day import WATER_DAY

_DEVIATIONS = 2.0

LOST_PCT = Limit(
    name="lost_pct",
    default=12.0,
    unit="%",
    low=3.0,
    high=50.0,
    tighter=Tighter.LOWER,
    source="practice: 12 % of the inflow, and the own 7-day mean and 2 standard deviations",
)


def _condition(numbers: Numbers) -> Condition:
    bulk = frozenset(numbers.traits.bulk)
    homes = dict(numbers.traits.outlets).get("water_meter", 0)
    if not bulk or not homes:
        return Never()
    lost = numbers[LOST_PCT.name]
    return ZoneBalance(Zone(bulk, homes), Loss(lost.value, _DEVIATIONS, lost.source))


RULE = AlertRule(
    name="zone_balance",
    title="Water is lost in a zone",
    title_zh="分区漏损",
    scope="area",
    fields={"water_meter": frozenset({WATER_DAY})},
    condition=_condition,
    limits=(LOST_PCT,),
    stale_after=timedelta(hours=96),
    explanation=Template(
        zh="一日流入 {inflow_m3} m3，{of_homes} 块户表（有数据 {homes} 块）合计约 {homes_m3} m3，"
        "差额 {lost_pct}%，平时 {usual_pct}%，限值 {limit_pct}%"
        "（依据：{limit_from}），自 {start_at} 起。",
        en="{inflow_m3} m3 flowed in on a day and the homes counted {homes_m3} m3 ({homes} of"
        " {of_homes} known): {lost_pct} % lost, usually {usual_pct} %; the limit is {limit_pct} %"
        " ({limit_from}), since {start_at}.",
    ),
)
