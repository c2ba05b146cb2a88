"""The rule `household_silent`."""

from datetime import timedelta

from rules.care import FLAT_DOOR, limits_by_class, of_class
from rules.condition import Condition
from rules.conditions.never import Never
from rules.explanation import Template, Text
from rules.household import BothSilent
from rules.limits import Limit, Tighter
from rules.rule import AlertRule, Numbers
from rules.sources import MOST

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

_HABIT = Text(
    "自身习惯最长安静 {usual_h} 小时（{days} 天）",
    "By its own habit it is quiet for {usual_h} h at most (of {days} days)",
)
_NO_HABIT = Text("自身习惯尚不可知", "Its own habit is not known yet")
_DOOR = Text("门自 {door_at} 起无人开启", "no opening of the door since {door_at}")
_WATER = Text(
    "自 {water_at} 起每次用水均不足 {sign_l} 升",
    "never {sign_l} L of water at a time since {water_at}",
)
_REASONS = (
    Text(f"{_DOOR.zh}；{_WATER.zh}", f"{_DOOR.en}; {_WATER.en}"),
    Text(f"{_DOOR.zh}，用水未知", f"{_DOOR.en}, the water is not known"),
    Text(f"{_WATER.zh}，门未知", f"{_WATER.en}, the door is not known"),
)


def _condition(numbers: Numbers) -> Condition:
    if numbers.traits.care is None:
        return Never()
    weak = numbers[FLAT_DOOR.name].value < 1
    doors, meters = (numbers.traits.count_of(kind, MOST) for kind in ("door", "water_meter"))
    return BothSilent(of_class(numbers, "h"), numbers[SIGN.name].value, weak, doors, meters)


def _told(reason: Text, habit: Text, otherwise: Template | None) -> Template:
    return Template(
        zh=f"关爱对象住所已安静 {{silent_h}} 小时：{reason.zh}。{habit.zh}，限值 {{limit}} 小时"
        "（依据：{limit_from}）；评分 {score}。",
        en=f"The dwelling of a person in care is quiet for {{silent_h}} h: {reason.en}. {habit.en};"
        " the limit is {limit} h ({limit_from}). Score {score}.",
        otherwise=otherwise,
    )


def _explanation() -> Template:
    """Return the texts of each combination of what is known: the habit, and both sources or one."""
    both, door, water = _REASONS
    found = _told(water, _NO_HABIT, None)
    rest = ((door, _NO_HABIT), (both, _NO_HABIT), (water, _HABIT), (door, _HABIT), (both, _HABIT))
    for reason, habit in rest:
        found = _told(reason, habit, found)
    return found


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
    explanation=_explanation(),
)
