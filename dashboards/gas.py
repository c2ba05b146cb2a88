"""Gas and ventilation: where is danger, does the fan run, which monitor can't be trusted?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.statetimeline import Panel as Timeline
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from dashboards.alerts import Listing, counted, open_alerts
from dashboards.area import IN_AREA, among, areas, with_all
from dashboards.board import GAS, Look, board
from dashboards.figures import Limits, figures, graph, own
from dashboards.panel import GREEN, ORANGE, RED, Frame, Words, framed, steps
from dashboards.query import INFLUXDB, PROMETHEUS, history, lines, rows
from dashboards.rules_shown import FAULTS_OF_MONITORS, limit, others
from dashboards.table import Table, column, table, texts
from devices.units import MOLAR_MASS, MOLAR_VOLUME_20C
from rules.limits import Limit

LOOK = Look(
    GAS,
    Words(
        "燃气与通风",
        "Gas and ventilation",
        "先看危险告警，再看浓度和风机。没有数据不等于没有气体：失联的监测仪在“监测仪故障”中。",
        "Dangers first, then gas and fan. No data is not no gas: silent monitors are among the "
        "faults.",
    ),
    "now-6h",
    "30s",
)
_CHOSEN = f'{IN_AREA} AND "device" =~ /^${{monitor:regex}}$/'
_NOW = Words(
    "未解除告警",
    "Alerts not resolved",
    "危险（浓度、氧气、风机、通风）和监测仪故障的数量；含已抑制的，精确到街道。",
    "Dangers (gas, oxygen, fan, ventilation) and faults of monitors; suppressed ones "
    "as well, by street at the finest.",
)
_DANGER = Words(
    "危险",
    "Dangers",
    "二级告警须人工复位（gridwatch alerts reset）。不要下井；"
    "建议时限：二级 5 分钟内受理，30 分钟内到场。",
    "Level 2 stays until a person resets it (gridwatch alerts reset). Nobody enters. Suggested "
    "limits of this project for level 2: accepted within 5 min, on site within 30.",
)
_FAULTS = Words(
    "监测仪故障",
    "Faults of monitors",
    "失联、进水、卡死、突变、校准到期：其读数不可信，危险与否未知。",
    "Silent, flooded, stuck, jumping, to be calibrated: what they show is not to be trusted, and "
    "whether there is danger is not known.",
)
_FAN = Words(
    "风机运行",
    "Fan runs",
    "按反馈（电流或风量），不是按指令。浓度超限而风机不转：立即派人。",
    "By its feedback, not by its command. Gas above its limit and no fan: send somebody now.",
)
_ORDERS = Words(
    "风机与门禁指令",
    "Commands",
    "15 分钟内进入各状态的指令数；“expired”未发出即过期，“unanswered”设备未应答，“proven”未应答但"
    "已见效果。来自全部区域。",
    "Commands that came into a state within 15 min, of all areas; expired before it left, "
    "unanswered in its time, or proven by its effect though nobody answered.",
)
_LAST = Words(
    "监测仪现状",
    "Monitors as last heard",
    "每台监测仪的最后一次读数及时间；校准每 6 个月一次（通用经验，规则 gas_calibration）。",
    "The last reading of each monitor, and when; to be calibrated every 6 months (general "
    "knowledge, rule gas_calibration).",
)


def gas(runbooks: str) -> Dashboard:
    """Return the dashboard of the gas monitors."""
    monitor = with_all(among("monitor", "监测仪 Monitor", "gas_monitor"))
    dangers = others(GAS, *FAULTS_OF_MONITORS)
    panels = (
        _now(dangers),
        _list(_DANGER, dangers).span(18),
        *_levels(),
        _fan(),
        _orders(),
        _list(_FAULTS, FAULTS_OF_MONITORS),
        _last(),
    )
    return board(LOOK, runbooks, [*areas(), monitor], panels)


def _list(words: Words, rules: tuple[str, ...]) -> TablePanel:
    return open_alerts(words, Listing(rules, uid=GAS, device="monitor"), height=7)


def _now(dangers: tuple[str, ...]) -> Stat:
    panel = figures(
        Frame(_NOW, PROMETHEUS, "short", 6, 7),
        Limits(((1, ORANGE),)),
        counted(dangers, "危险 dangers", "A"),
        counted(FAULTS_OF_MONITORS, "监测仪故障 faults", "B"),
    )
    return own(panel, "A", Limits(((1, RED),)), "short")


def _levels() -> list[Graph]:
    return [
        _level("ch4_lel_pct", ("甲烷", "Methane"), "suffix: %LEL", _two("gas_level_ch4")),
        _level("h2s_mgm3", ("硫化氢", "Hydrogen sulphide"), "conmgm3", _two("gas_level_h2s")),
        _level("co_mgm3", ("一氧化碳", "Carbon monoxide"), "conmgm3", _two("gas_level_co")),
        _oxygen(),
    ]


def _two(rule: str) -> list[Limit]:
    return [limit(rule, "level_1"), limit(rule, "level_2")]


def _level(field: str, name: tuple[str, str], unit: str, limits: list[Limit]) -> Graph:
    """Return the most of each monitor; red from the second limit on."""
    first, second = (each.default for each in limits)
    shown = ", ".join(_said(each, field.partition("_")[0]) for each in limits)
    words = Words(
        *name,
        f"每台监测仪的最大值；一级、二级限值 {shown}（各区可收紧）。",
        f"The most of each monitor; levels 1 and 2 at {shown}, where nobody has set stricter ones.",
    )
    found = Limits(((first, ORANGE), (second, RED)))
    return _drawn(words, unit, f'max("{field}")', found)


def _said(limit: Limit, gas: str) -> str:
    """Return a limit with its source, and in ppm as well where it is in mg/m3."""
    mass = MOLAR_MASS.get(gas)
    ppm = f" = {limit.default * MOLAR_VOLUME_20C / mass:.1f} ppm" if mass else ""
    return f"{limit.default:g} {limit.unit}{ppm} ({limit.source})"


def _oxygen() -> Graph:
    """Oxygen is dangerous when there is little, and when there is too much."""
    names = ("very_low", "low", "enriched")
    found = [limit("oxygen", name) for name in names]
    shown = ", ".join(_said(each, "o2") for each in found)
    words = Words(
        "氧气",
        "Oxygen",
        f"每台监测仪的最小值；限值 {shown}。低于 19.5 %vol 不得下井。",
        f"The least of each monitor; limits {shown}. Nobody enters below 19.5 %vol.",
    )
    very_low, low, enriched = (each.default for each in found)
    limits = Limits(((very_low, ORANGE), (low, GREEN), (enriched, RED)), RED)
    return _drawn(words, "suffix: %vol", 'min("o2_vol_pct")', limits)


def _drawn(words: Words, unit: str, value: str, limits: Limits) -> Graph:
    query = f'SELECT {value} FROM "gas_monitor" WHERE $timeFilter AND {_CHOSEN} {_BY_DEVICE}'
    frame = Frame(words, INFLUXDB, unit, 12, 7)
    return graph(frame, lines(query, "$tag_device"), limits=limits).interval("1m")


_BY_DEVICE = 'GROUP BY time($__interval), "device" fill(none)'


def _fan() -> Timeline:
    running = f'SELECT last("fan_running") FROM "gas_monitor" WHERE $timeFilter AND {_CHOSEN}'
    query = lines(f"{running} {_BY_DEVICE}", "$tag_device")
    panel = framed(Timeline(), Frame(_FAN, INFLUXDB, "bool_on_off", 14, 7), query)
    shown = {"true": "运行 runs", "false": "停 off"}
    panel.mappings(texts(shown, {"true": "blue", "false": "text"}))
    return panel.merge_values(merge_values=True).interval("1m")


def _orders() -> Graph:
    states = "sum by (command, state) (gridwatch:commands:increase15m)"
    frame = Frame(_ORDERS, PROMETHEUS, "short", 10, 7)
    return graph(frame, history(states, "{{command}} {{state}}")).min(0)


def _last() -> TablePanel:
    fields = '"sensor_status", "calibration_age_days", "battery_v", "rsrp_dbm"'
    query = (
        f'SELECT last("ch4_lel_pct") AS "ch4_lel_pct", {fields} FROM "gas_monitor"'
        f' WHERE time > now() - 30d AND {_CHOSEN} GROUP BY "device"'
    )
    due = limit("gas_calibration", "due_days")
    overdue = limit("gas_calibration", "overdue_days")
    aged = steps(GREEN, ((due.default, ORANGE), (overdue.default, RED))).build()
    columns = (
        column("Time", "最后读数 last heard", unit="dateTimeFromNow"),
        column("device", "监测仪 monitor"),
        column("ch4_lel_pct", "甲烷 methane", unit="suffix: %LEL"),
        column("sensor_status", "传感器 sensors"),
        column(
            "calibration_age_days",
            "距校准 since calibration",
            unit="d",
            thresholds=aged,
            custom_cellOptions={"type": "color-text"},
        ),
        column("battery_v", "电池 battery", unit="volt"),
        column("rsrp_dbm", "信号 RSRP", unit="dBm"),
    )
    form = Table(columns, ("Time",))
    return table(Frame(_LAST, INFLUXDB, "string", 24, 7), form, rows(query))
