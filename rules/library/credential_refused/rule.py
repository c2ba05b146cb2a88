"""The rule `credential_refused`."""

from datetime import timedelta

from rules.condition import Condition
from rules.conditions.combination import Combination
from rules.conditions.repeated import Often, Repeated
from rules.explanation import Template
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.severity import Severity

_FIELD = "denied_because"
_WRONG = frozenset({"unknown", "expired", "not_yet_valid", "blacklisted", "liveness_fail"})

ATTEMPTS = Limit(
    name="attempts",
    default=5.0,
    unit="1",
    low=2.0,
    high=5.0,
    tighter=Tighter.LOWER,
    source="GB 50396-2007: alarm after at most 5 wrong attempts",
)
EXPIRED = Limit(
    name="expired",
    default=3.0,
    unit="1",
    low=2.0,
    high=20.0,
    tighter=Tighter.LOWER,
    source="general knowledge, not from a standard",
)
_AT_ONCE = timedelta(minutes=10)
_A_DAY = timedelta(hours=24)


def _condition(numbers: Numbers) -> Condition:
    attempts, expired = numbers[ATTEMPTS.name], numbers[EXPIRED.name]
    wrong = Often(int(attempts.value), _AT_ONCE, Severity.WARNING, attempts.source)
    ended = Often(int(expired.value), _A_DAY, Severity.NOTICE, expired.source)
    return Combination(
        "any",
        (Repeated(_FIELD, _WRONG, wrong), Repeated(_FIELD, frozenset({"expired"}), ended)),
    )


RULE = AlertRule(
    name="credential_refused",
    title="Credentials refused repeatedly",
    title_zh="凭证多次被拒",
    scope="device",
    fields={"door": frozenset({_FIELD})},
    condition=_condition,
    limits=(ATTEMPTS, EXPIRED),
    explanation=Template(
        zh="{window_min} 分钟内 {count} 次被拒（最近一次：{value}），限值 {limit} 次"
        "（依据：{limit_from}）。",
        en="Refused {count} times within {window_min} min (the last: {value}); the limit is "
        "{limit} ({limit_from}).",
    ),
)
