"""The alerts of leases: titles and words. The sequence finds them."""

from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule
from rules.told import told

NOTICE = Limit(
    name="notice",
    default=30.0,
    unit="d",
    low=8.0,
    high=90.0,
    tighter=Tighter.HIGHER,
    source="practice: remind 30, 7 and 1 days before (a suggestion)",
)


def _alert(name: str, titles: tuple[str, str], texts: tuple[str, str], *limits: Limit) -> AlertRule:
    return AlertRule(
        name=name,
        title=titles[1],
        title_zh=titles[0],
        scope="premises",
        fields={},
        condition=told,
        limits=limits,
        explanation=Template(
            zh=f"{texts[0]}（依据：{{limit_from}}），自 {{start_at}} 起。",
            en=f"{texts[1]} ({{limit_from}}), since {{start_at}}.",
        ),
    )


LEASE_ENDING = _alert(
    "lease_ending",
    ("租约即将到期", "Lease about to end"),
    (
        "{person} 的租约将于 {ends_at} 到期；提前 {limit} 天起提醒；本户将到期租约：{count} 份",
        "Lease of {person} ends at {ends_at}; told from {limit} days before; ending here: {count}",
    ),
    NOTICE,
)
LEASE_ENDED = _alert(
    "lease_ended",
    ("租约已到期", "Lease ended"),
    (
        "{person} 的租约已于 {ends_at} 到期；须收回授权的门：{doors} 个；本户已到期：{count} 份",
        "Lease of {person} ended at {ends_at}; doors to refuse: {doors}; ended here: {count}",
    ),
)
AUTHORISATION_FAILED = _alert(
    "authorisation_failed",
    ("门禁授权未生效", "Authorisation not carried out"),
    (
        "门 {door} 未执行 {person} 的授权变更（{command}），已下令 {limit} 次；设备答复：{answer}",
        "Door {door} does not do {command} for {person}, told {limit} times; answer: {answer}",
    ),
)
ALERTS = (LEASE_ENDING, LEASE_ENDED, AUTHORISATION_FAILED)
