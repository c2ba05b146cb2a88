"""The rule `weak_signal`."""

from datetime import timedelta

from devices.catalogue import catalogue
from devices.radio import RSRP
from rules.condition import Condition
from rules.conditions.several import Several
from rules.conditions.threshold import Level, Threshold
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_LEAST, _AMONG = 5, 7
_BAND_DBM = 3.0

RSRP_DBM = Limit(
    name="rsrp_dbm",
    default=-115.0,
    unit="dBm",
    low=-130.0,
    high=-100.0,
    tighter=Tighter.HIGHER,
    source="weak below -115 dBm: general knowledge, not from a standard",
)


def _condition(numbers: Numbers) -> Condition:
    limit = numbers[RSRP_DBM.name]
    level = Level(Severity.NOTICE, limit.value, limit.value + _BAND_DBM, limit.source)
    return Several(Threshold(RSRP.name, (level,), falling=True), _LEAST, _AMONG)


RULE = AlertRule(
    name="weak_signal",
    title="Weak signal",
    title_zh="信号弱",
    scope="device",
    fields={
        name: frozenset({RSRP.name}) for name, kind in catalogue().items() if RSRP in kind.fields
    },
    condition=_condition,
    limits=(RSRP_DBM,),
    hold=timedelta(hours=6),
    keep=timedelta(hours=24),
    explanation=Template(
        zh="最近 {among} 次信号中有 {count} 次不高于 {limit} dBm（依据：{limit_from}），"
        "最近一次为 {value} dBm，自 {start_at} 起。",
        en="{count} of the last {among} words of the signal are at or below {limit} dBm "
        "({limit_from}), the last {value} dBm, since {start_at}.",
    ),
)
