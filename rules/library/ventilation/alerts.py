"""The alerts of the ventilation: titles, life cycles and words. The sequence finds them."""

from datetime import timedelta

from rules.explanation import Template
from rules.rule import AlertRule
from rules.severity import Severity
from rules.told import told


def _alert(
    name: str,
    titles: tuple[str, str],
    texts: tuple[str, str],
    *,
    hold: timedelta = timedelta(0),
    latch_from: Severity | None = None,
) -> AlertRule:
    return AlertRule(
        name=name,
        title=titles[1],
        title_zh=titles[0],
        scope="device",
        fields={"gas_monitor": frozenset({"fan_running", "fan_current_a"})},
        condition=told,
        hold=hold,
        latch_from=latch_from,
        explanation=Template(
            zh=f"{texts[0]}（依据：{{limit_from}}），自 {{start_at}} 起。",
            en=f"{texts[1]} ({{limit_from}}), since {{start_at}}.",
        ),
    )


FAN_FAILED = _alert(
    "fan_failed",
    ("风机启动失败", "Fan failed"),
    (
        "两次下令启动风机，{limit_s} 秒内均无运行反馈；设备答复：{answer}；须派人到场",
        "Fan ordered twice, no feedback within {limit_s} s; answer: {answer}; send a person",
    ),
    latch_from=Severity.CRITICAL,
)
INTERLOCK_FAILED = _alert(
    "interlock_failed",
    ("联锁失效", "Interlock failed"),
    (
        "气体达到一级限值 {limit_s} 秒后仍无风机运行",
        "No fan runs {limit_s} s after gas level 1",
    ),
)
INEFFECTIVE = _alert(
    "ventilation_ineffective",
    ("通风无效", "Ventilation ineffective"),
    (
        "通风 {limit_min} 分钟后 {gas} 未减半：由 {before} 变为 {value}，减半应为 {limit}",
        "{gas} not halved in {limit_min} min of ventilation: {before} to {value}, half {limit}",
    ),
)
OVERRUN = _alert(
    "overrun",
    ("风机超时运行", "Fan overrun"),
    (
        "风机自 {run_at} 起连续运行，超过 {limit_min} 分钟",
        "The fan runs since {run_at}, for more than {limit_min} min",
    ),
)
UNCOMMANDED_RUN = _alert(
    "uncommanded_run",
    ("风机无指令运行", "Uncommanded run"),
    (
        "风机自 {run_at} 起运行超过 {limit_s} 秒，既无指令，气体也未达一级限值",
        "The fan runs since {run_at} without an order or gas at level 1, for more than {limit_s} s",
    ),
    hold=timedelta(seconds=30),
)
CHRONIC_SOURCE = _alert(
    "chronic_source",
    ("气体持续产生", "Chronic source"),
    (
        "24 小时内通风 {count} 次，达到 {limit} 次：须查找气源",
        "Ventilated {count} times in 24 h, the limit is {limit}: look for the source",
    ),
)
ALERTS = (FAN_FAILED, INTERLOCK_FAILED, INEFFECTIVE, OVERRUN, UNCOMMANDED_RUN, CHRONIC_SOURCE)
