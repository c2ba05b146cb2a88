"""The rule `household_silent`."""

from datetime import timedelta

from rules.care import FLAT_DOOR, limits_by_class, of_class
from rules.condition import Condition
from rules.conditions.never import Never
from rules.explanation import Template
from rules.household import BothSilent
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers

HOURS = limits_by_class(
    "h",
    {
        "elderly_alone": 24.0,
        "child_in_difficulty": 24.0,
        "seriously_ill": 12.0,
        "disabled": 24.0,
        "other": 24.0,
    },
    8.0,
    72.0,
    "practice: 12 h in Shanghai Jiangsu Road and Shenzhen Longgang, 24 h in Taicang and Shapingba",
)
SIGN = Limit(
    name="sign_l",
    default=3.0,
    unit="L",
    low=1.0,
    high=10.0,
    tighter=Tighter.HIGHER,
    source="a small flush of a cistern, general knowledge; practice counts 10 L",
)

_HABIT_ZH = (
    "自身习惯最长安静 {usual_h} 小时（{days} 天），"
    "限值 {limit} 小时（依据：{limit_from}）；评分 {score}。"
)
_HABIT = (
    "By its own habit it is quiet for {usual_h} h at most (of {days} days); the limit is "
    "{limit} h ({limit_from}). Score {score}."
)
_DOOR_ZH, _DOOR = "门自 {door_at} 起无人开启", "no opening of the door since {door_at}"
_WATER_ZH = "自 {water_at} 起每次用水均不足 {sign_l} 升"
_WATER = "never {sign_l} L of water at a time since {water_at}"


def _condition(numbers: Numbers) -> Condition:
    if numbers.traits.care is None:
        return Never()
    weak = numbers[FLAT_DOOR.name].value < 1
    return BothSilent(of_class(numbers, "h"), numbers[SIGN.name].value, weak)


def _told(reasons_zh: str, reasons: str, otherwise: Template | None = None) -> Template:
    return Template(
        zh=f"关爱对象住所已安静 {{silent_h}} 小时：{reasons_zh}。{_HABIT_ZH}",
        en=f"The dwelling of a person in care is quiet for {{silent_h}} h: {reasons}. {_HABIT}",
        otherwise=otherwise,
    )


RULE = AlertRule(
    name="household_silent",
    title="Door and water of a person in care silent",
    title_zh="关爱对象门水双静默",
    scope="premises",
    fields={
        "door": frozenset({"event", "door_open"}),
        "water_meter": frozenset({"increment_m3", "cumulative_m3", "valve", "resolution_l"}),
    },
    condition=_condition,
    limits=(*HOURS, SIGN, FLAT_DOOR),
    stale_after=timedelta(hours=54),
    amends=True,
    quieted_by=frozenset({"away", "maintenance"}),
    explanation=_told(
        f"{_DOOR_ZH}；{_WATER_ZH}",
        f"{_DOOR}; {_WATER}",
        _told(
            f"{_DOOR_ZH}，用水未知",
            f"{_DOOR}, the water is not known",
            _told(f"{_WATER_ZH}，门未知", f"{_WATER}, the door is not known"),
        ),
    ),
)
