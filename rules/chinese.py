"""Chinese: the words of evidence that stand in Chinese sentences, such as the sources of limits."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_SET_BY = "set by "
_GENERAL = "通用经验，非标准规定"

_SOURCES = {
    "3 times the median of the same hour of the week, as of days (practice)":
        "每周同一时段中位数的 3 倍，与按日判断的实践一致",
    "BACnet DoorAlarmState 4, tamper; the severity is general knowledge, not from a standard":
        "BACnet DoorAlarmState 4（拆动）；严重级别为通用经验，非标准规定",
    "ER26500, 3.6 V; general knowledge, not from a standard": f"ER26500 电池，3.6 V；{_GENERAL}",
    "GB 50396-2007: alarm after at most 5 wrong attempts": "GB 50396-2007：错误操作至多 5 次即报警",
    "GB/T 50493-2019": "GB/T 50493-2019",
    "GB/T 778.1: Q1 of a DN15 meter, R100; practice: 3 times the own median":
        "GB/T 778.1：DN15、R100 水表的 Q1；实践：自身中位数的 3 倍",
    "GB/T 778.1: Q1 of DN15 with R100; 50 L in four readings is general knowledge":
        "GB/T 778.1：DN15、R100 水表的 Q1；四次读数 50 升为通用经验",
    "GBZ/T 205, GB 30871": "GBZ/T 205 与 GB 30871",
    "ONVIF DoorOpenTooLong; the controller's own time, 30 to 60 s by general knowledge":
        "ONVIF DoorOpenTooLong；门禁自定时限，通用经验为 30 至 60 秒",
    "ONVIF DoorForcedOpen; the severity is general knowledge, not from a standard":
        "ONVIF DoorForcedOpen；严重级别为通用经验，非标准规定",
    "a bath each hour, and 1.5 times the most the home has drawn so (general knowledge)":
        "每小时一缸洗澡水，且为本户以往最大流量的 1.5 倍（通用经验）",
    "a small flush of a cistern, general knowledge; practice counts 10 L":
        "马桶水箱一次小冲水（通用经验）；实践以 10 升计",
    "end of the lease in the registry": "登记的租约到期时间",
    "every 6 months, general knowledge, not from a standard": f"每 6 个月一次；{_GENERAL}",
    "general knowledge, not from a standard": _GENERAL,
    "general knowledge: tiers of 24, 48 and 72 h, of which the second begins at 36 h; the flow":
        "通用经验：24、48、72 小时三级，其中第二级自 36 小时起；流量亦同",
    "general knowledge: tiers of 24, 48 and 72 h, of which the third escalates; the flow":
        "通用经验：24、48、72 小时三级，到第三级时升级；流量亦同",
    "general knowledge: twice what a home of four uses": "通用经验：四口之家用水量的两倍",
    "general knowledge: longer than most holidays": "通用经验：长于多数假期",
    "half a cistern of 6 L each hour; its size is general knowledge":
        "每小时半个 6 升水箱；水箱容积为通用经验",
    "lease sequence of this project": "本系统的租约流程",
    "practice is one day; the others are general knowledge": "实践为一天；其余为通用经验",
    "practice of Shanghai Jing'an and Anji: more than 2 m3 a day":
        "上海静安、安吉实践：日用水超过 2 立方米",
    "practice of Shanghai Jing'an, Anji and Taicang: less than 0.01 m3 in a day":
        "上海静安、安吉、太仓实践：日用水不足 0.01 立方米",
    "practice of water utilities": "供水企业实践",
    "practice of water utilities, one day; the flow is general knowledge":
        "供水企业实践，一天；流量为通用经验",
    "practice, a suggestion": "实践建议",
    "practice: 12 % of the inflow, and the own 7-day mean and 2 standard deviations":
        "实践：流入量的 12%，且超过自身 7 日均值加 2 倍标准差",
    "practice: 0.8 Q3 in two slots, or Q4 in one; GB/T 778.1: Q3, and Q4 = 1.25 Q3":
        "实践：连续两个时段达 0.8 Q3，或一个时段达 Q4；GB/T 778.1：Q3 及 Q4 = 1.25 Q3",
    "practice: 12 h in Shanghai Jiangsu Road and Shenzhen Longgang, 24 h in Taicang and Shapingba":
        "实践：上海江苏路、深圳龙岗 12 小时，太仓、沙坪坝 24 小时",
    "practice: 3 times the median of the same weekday": "实践：相同星期几日用水中位数的 3 倍",
    "practice: 6 or more, where two or three are registered": "实践：登记两三人时 6 人以上",
    "practice: 6 or more; Nanjing 10 people": "实践：6 人以上；南京 10 人",
    "practice: O2 at 20.9 %vol while CH4 is at 50 %LEL":
        "实践：CH4 达 50 %LEL 而 O2 仍为 20.9 %vol",
    "practice: Shanghai, more than 2 in a room": "实践：上海，每间超过 2 人",
    "practice: a building entrance is weak evidence": "实践：单元门只是弱证据",
    "practice: below -5 % of the range": "实践：低于量程的 -5%",
    "practice: more than half the range in one sample": "实践：一次采样变化超过量程一半",
    "practice: never a day below 0.3 m3": "实践：日用水 0.3 立方米以下不报",
    "practice: never a day below 0.3 m3, which are three hours of 100 L":
        "实践：日用水 0.3 立方米以下不报，即三个小时各 100 升",
    "practice: old above 0.9 of the modulus and new below 0.1; above twice Q3 is no flow":
        "实践：旧读数高于满量程 0.9，新读数低于 0.1；超过两倍 Q3 不可能是流量",
    "practice: on at least 3 days of 7": "实践：7 天内至少 3 天",
    "practice: remind 30, 7 and 1 days before (a suggestion)": "实践建议：提前 30、7、1 天提醒",
    "practice: several days in Chongqing Yubei, taken as 2 or 3; 24 h in Shapingba":
        "实践：重庆渝北“数日”，取 2 至 3 天；沙坪坝 24 小时",
    "practice: the same value for 6 h while the temperature moves":
        "实践：温度变化而读数 6 小时不变",
    "practice: two of the meter's own periods and 6 h, at least 12 h":
        "实践：该表自身两个上报周期加 6 小时，至少 12 小时",
    "practice: two periods of a day and 6 h": "实践：两个日上报周期加 6 小时",
    "status bits of the meter (CJ/T 188)": "水表状态位（CJ/T 188）",
    "the controller's own word": "门禁自报",
    "the controller's own word; the severity is general knowledge, not from a standard":
        "门禁自报；严重级别为通用经验，非标准规定",
    "the meter's own word; the severity is general knowledge, not from a standard":
        "水表自报；严重级别为通用经验，非标准规定",
    "the monitor's own word": "监测仪自报",
    "the monitor's own word, a loop current of 22 mA": "监测仪自报，回路电流 22 mA",
    "the monitor's own word, a loop current below 1 mA": "监测仪自报，回路电流低于 1 mA",
    "ventilation sequence of this project": "本系统的通风流程",
    "water freezes at 0 degC; general knowledge, not from a standard":
        f"水在 0 °C 结冰；{_GENERAL}",
    "weak below -115 dBm: general knowledge, not from a standard":
        f"低于 -115 dBm 为弱信号；{_GENERAL}",
}  # fmt: skip
_WORDS = {
    "authorisation_restore": "恢复授权", "authorisation_revoke": "收回授权",
    "cover_open": "表盖打开", "magnetic_tamper": "磁干扰",
    "burst": "爆管", "leak": "漏水", "over_range": "超量程", "reverse": "倒流",
    "blacklisted": "黑名单", "expired": "已过期", "liveness_fail": "活体检测未通过",
    "not_yet_valid": "尚未生效", "unknown": "未知凭证",
    "done": "已执行", "failed": "执行失败", "refused": "拒绝执行",
    "fan_failed": "风机启动失败", "fan_not_ordered": "本系统未下令启动风机",
    "fan_ordered": "已下令启动风机", "fan_ran_and_stands": "风机运行后已停止",
    "kept_off_by_hand": "人工停用风机", "kept_running_by_hand": "人工保持风机运行",
    "no_fan_heard_of": "从未收到风机反馈", "no_feedback_yet": "尚无运行反馈",
    "run_confirmed": "反馈显示风机正在运行",
    "door": "门禁", "gas_monitor": "气体监测仪", "water_meter": "水表",
    "error": "读数错误", "replaced": "换表", "rollover": "满量程翻转",
}  # fmt: skip
CHINESE: Mapping[str, str] = MappingProxyType({**_SOURCES, **_WORDS})
"""What an English phrase or word of evidence is in Chinese; units and standards stay."""


def in_chinese(text: str) -> str:
    """Return a value of evidence in Chinese, if it is a phrase or words joined by commas."""
    if text in CHINESE:
        return CHINESE[text]
    if text.startswith(_SET_BY):
        return f"由 {text.removeprefix(_SET_BY)} 设定"
    words = text.split(",")
    return "、".join(_WORDS[word] for word in words) if _are_words(words) else text


def in_english(text: str) -> str:
    """Return a value of evidence in English: words joined by commas are spaced out."""
    words = text.split(",")
    return ", ".join(words).replace("_", " ") if _are_words(words) else text


def _are_words(words: Iterable[str]) -> bool:
    return all(word in _WORDS for word in words)
