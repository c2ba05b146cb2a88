"""The rule `blind_area`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.blind import Blind
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers

_SOURCE = "general knowledge, not from a standard"


def _limit(name: str, default: float, unit: str, low: float, high: float) -> Limit:
    return Limit(
        name=name,
        default=default,
        unit=unit,
        low=low,
        high=high,
        tighter=Tighter.LOWER,
        source=_SOURCE,
    )


SHARE = _limit("share_pct", 30.0, "%", 10.0, 80.0)
LEAST = _limit("least", 5.0, "devices", 3.0, 50.0)
WINDOW_H = 26
"""Devices of one cell were last heard within one period of upload, a day, and 2 h of spread."""


def _condition(numbers: Numbers) -> Condition:
    return Blind(numbers.traits.devices, numbers[LEAST.name], numbers[SHARE.name], WINDOW_H)


RULE = AlertRule(
    name="blind_area",
    title="Area blind",
    title_zh="区域失联",
    scope="area",
    fields={},
    condition=_condition,
    limits=(SHARE, LEAST),
    keep=timedelta(minutes=10),
    musters=True,
    explanation=Template(
        zh="自 {start_at} 起，本区域 {devices} 台 {kind} 中有 {silent} 台同时失联"
        "（限值 {limit}%，依据：{limit_from}），共 {all_silent} 台设备失联，单台告警已抑制。",
        en="Since {start_at}, {silent} of the {devices} devices of kind {kind} in this area fell "
        "silent together (limit {limit} %, {limit_from}), {all_silent} of all kinds; their single "
        "alerts are suppressed.",
    ),
)
