"""Water: which pipes leak and how much, what flows at night, which meters say nothing."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from dashboards.alerts import Listing, counted, open_alerts
from dashboards.area import CARRIED, IN_AREA, among, areas
from dashboards.board import WATER, Look, board
from dashboards.figures import Limits, bars, figures, graph
from dashboards.panel import ORANGE, YELLOW, Frame, Words, steps
from dashboards.query import INFLUXDB, PROMETHEUS, lines, rows
from dashboards.rules_shown import LEAKS, SILENT_METERS, limit, others
from dashboards.table import Table, column, link, table

LOOK = Look(
    WATER,
    Words(
        "用水",
        "Water",
        "漏水及其大小、夜间流量、失联水表。水表每天只上传一次，最近一天的数据可能尚未到达。",
        "Leaks with their size, flow at night, silent meters. A meter uploads once a day: the last "
        "day may not be here yet.",
    ),
    "now-3d",
    "15m",
)
_LIMITS = [limit("continuous_leak", name) for name in ("warn_lh", "large_lh", "grave_lh")]
_WARN, _LARGE, _ = (each.default for each in _LIMITS)
_SOURCES = "; ".join(f"{each.default:g} {each.unit}: {each.source}" for each in _LIMITS)
_LH = '"increment_m3" / "slot_minutes" * 60000'
"""The flow of a slot in L/h: m3 in minutes."""
_LEAST_LH = 'min("increment_m3") / min("slot_minutes") * 60000'
"""The same of the least slot; the slots of a meter are of one length. Ten times as fast."""
_IN_AREA_THEN = f'FROM "water_meter" WHERE $timeFilter AND {IN_AREA}'

_NOW = Words(
    "未解除告警",
    "Alerts not resolved",
    "疑似漏水、失联水表和其他水表告警的数量；含已抑制的，精确到街道。",
    "Suspected leaks, silent meters and all others of meters; suppressed ones as well, "
    "by street at the finest.",
)
_LEAKS = Words(
    "疑似漏水",
    "Suspected leaks",
    "说明中给出大小（L/h）和判据。点击对象查看该水表的流量。",
    "The explanation names the size in L/h and the limit. The subject leads to the flow of its "
    "meter below.",
)
_SIZE = Words(
    "从不停水的水表",
    "Meters at which water never stops",
    f"近 48 小时内每个时段都有水流过的水表，按其最小流量排列，自 {_WARN:g} L/h 起列出。"
    f"默认限值及来源：{_SOURCES}（规则 continuous_leak）。",
    f"The least flow of any slot in the last 48 h, by meter, from {_WARN:g} L/h on. Limits where "
    f"nobody has set others, and their sources: {_SOURCES} (rule continuous_leak).",
)
_USE = Words(
    "用水量",
    "Use",
    "所选区域每小时用水量；最近一天在各表上传后才完整。",
    "Water used in the area in each hour; the last day is complete when all meters have uploaded.",
)
_NIGHT = limit("night_flow", "flow_lh")
_NIGHTLY = Words(
    "夜间最小流量",
    "Least flow of each night",
    "所选区域每天最小的两小时平均流量，通常在凌晨 2 至 4 点；"
    "逐夜上升说明有新的漏水。"
    f"单表限值 {_NIGHT.default:g} L/h（{_NIGHT.source}）不适用于整个区域。"
    "今天的值在上传完成前偏低。",
    "The least mean flow of two hours in each day, mostly from 2 to 4 in the morning. A rise from "
    f"night to night is a new leak. The limit of one meter, {_NIGHT.default:g} L/h "
    f"({_NIGHT.source}), is not one of an area. Today's is too low until all have uploaded.",
)
_SILENT = Words(
    "失联水表",
    "Silent meters",
    "超过限值未上传的水表；区域失联时单表告警被抑制，见城市总览。",
    "Meters that have not uploaded in time; of a blind area the single ones are not told, see the "
    "overview.",
)
_REST = Words(
    "其他水表告警",
    "All others of meters",
    "拆盖、倒流、电池、防冻、用水异常等。",
    "Tampering, water that runs back, batteries, frost, unusual use.",
)
_ONE = Words(
    "单表流量",
    "Flow of one meter",
    "上方所选水表每个时段的流量；从不归零即为漏水。",
    "The meter chosen above, slot by slot; a flow that never comes down to zero is a leak.",
)


def water(runbooks: str) -> Dashboard:
    """Return the dashboard of the water meters."""
    variables = [*areas(), among("meter", "水表 Meter", "water_meter")]
    rest = others(WATER, *LEAKS, *SILENT_METERS)
    panels = (
        _now(rest),
        _size(),
        _list(_LEAKS, LEAKS),
        _one(),
        _night(),
        _use(),
        _list(_SILENT, SILENT_METERS),
        _list(_REST, rest),
    )
    return board(LOOK, runbooks, variables, panels)


def _list(words: Words, rules: tuple[str, ...]) -> TablePanel:
    return open_alerts(words, Listing(rules, uid=WATER, device="meter"), height=8)


def _now(rest: tuple[str, ...]) -> Stat:
    return figures(
        Frame(_NOW, PROMETHEUS, "short", 8, 7),
        Limits(((1, ORANGE),)),
        counted(LEAKS, "疑似漏水 leaks", "A"),
        counted(SILENT_METERS, "失联水表 silent meters", "B"),
        counted(rest, "其他 others", "C"),
    )


def _size() -> TablePanel:
    within = f'FROM "water_meter" WHERE time > now() - 48h AND {IN_AREA} GROUP BY "device"'
    of_meters = f'SELECT {_LEAST_LH} AS "flow" {within}'
    query = f'SELECT "device", "flow" FROM ({of_meters}) WHERE "flow" >= {_WARN:g}'
    chosen = f"/d/{WATER}?{CARRIED}&var-meter=${{__value.raw}}"
    columns = (
        column("Time", "", custom_hidden=True),
        column("device", "水表 meter", links=link("流量 its flow", chosen)),
        column("flow", "最小流量 least flow", unit="litreh", custom_cellOptions={"type": "gauge"}),
    )
    panel = table(Frame(_SIZE, INFLUXDB, "litreh", 16, 7), Table(columns, ("-flow",)), rows(query))
    return panel.thresholds(steps(YELLOW, ((_LARGE, ORANGE),))).min(0)


def _use() -> Graph:
    query = f'SELECT sum("increment_m3") {_IN_AREA_THEN} GROUP BY time($__interval)'
    return bars(Frame(_USE, INFLUXDB, "m3"), "1h", lines(query, "用水量 use"))


def _night() -> Graph:
    """Slots of two hours begin at even hours in UTC and in China; days begin at 16:00 UTC."""
    of_two_hours = f'SELECT sum("increment_m3") * 500 AS "flow" {_IN_AREA_THEN} GROUP BY time(2h)'
    query = (
        f'SELECT min("flow") FROM ({of_two_hours}) WHERE $timeFilter'
        " GROUP BY time(1d, 16h) fill(none)"
    )
    alias = "最小流量 least flow"
    return bars(Frame(_NIGHTLY, INFLUXDB, "litreh"), "1d", lines(query, alias))


def _one() -> Graph:
    query = (
        f'SELECT mean("flow") FROM (SELECT {_LH} AS "flow" FROM "water_meter" WHERE $timeFilter'
        ' AND "device" =~ /^${meter:regex}$/) WHERE $timeFilter'
        " GROUP BY time($__interval) fill(none)"
    )
    frame = Frame(_ONE, INFLUXDB, "litreh", 24, 7)
    return graph(frame, lines(query, "${meter}")).interval("30m").min(0)
