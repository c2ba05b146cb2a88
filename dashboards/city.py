"""City overview: is anything wrong, where, and can what is shown be trusted?"""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.prometheus import Dataquery as PromQuery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from dashboards.alerts import (
    COLOURS,
    SERVICE_ANSWERS,
    SEVERITIES,
    Listing,
    counted,
    open_alerts,
    open_by,
)
from dashboards.area import AREA_LABEL, IN_AREA, areas
from dashboards.board import CITY, SERVICE, Look, board
from dashboards.figures import Limits, bars, figures, leading, own, painted
from dashboards.panel import GREEN, ORANGE, RED, Frame, Words
from dashboards.query import INFLUXDB, PROMETHEUS, lines, present
from dashboards.rules_shown import SILENCE

LOOK = Look(
    CITY,
    Words(
        "城市总览",
        "City overview",
        "先看上方数字，再看告警清单；点击区县、街道、社区逐级进入。",
        "First the figures, then the list of alerts; district, street and community lead inwards.",
    ),
    "now-24h",
)
_NOW = Words(
    "正在告警",
    "Alerts that are on",
    "当前仍在持续的告警数，按级别；数据中断的计入，已抑制的（维护、外出、区域失联）不计。"
    "指标只到街道（alerts.label_level），选择社区时数字仍是街道的。",
    "What goes on now, by severity; an alert whose data is lost goes on, one of which nobody "
    "is to be told (maintenance, absence, a blind area) is left out. Metrics reach down to the "
    "street (alerts.label_level): with a community chosen, the figures are still those of its "
    "street.",
)
_SILENT = Words(
    "失联",
    "Not known",
    "失联的设备和区域：那里此刻发生什么无人知道。0 才是“一切正常”。",
    "Silent devices and blind areas: nobody knows what happens there. Only 0 means all is heard.",
)
_TRUST = Words(
    "数据可信吗",
    "Can this be trusted?",
    "服务在线、与消息服务器相连、写入数据库无积压（阈值 300 秒：GridwatchSinkBacklogOld）。"
    "任何一项变红时，其余面板可能是旧数据。",
    "The service answers, is connected to the broker, and the database is not behind (300 s: "
    "GridwatchSinkBacklogOld). With one of them red, everything else here may be old.",
)
_LIST = Words(
    "严重和警告",
    "Critical alerts and warnings",
    "近 30 天内开始且未解除的告警，严重的在前，其次按最新变化。"
    "点击告警进入专题看板，点击“处置”打开处置手册。",
    "What began in the last 30 days and is not resolved, critical first, then the latest change. "
    "The alert leads to its dashboard, the last column to what to do at three in the morning.",
)
_WHERE = {
    "district": Words("按区县", "By district", "点击进入该区县。", "A click leads into it."),
    "street": Words("按街道", "By street", "点击进入该街道。", "A click leads into it."),
    "community": Words("按社区", "By community", "点击进入该社区。", "A click leads into it."),
}
_RAISED = Words(
    "新增告警",
    "Alerts raised",
    "每小时新增的告警。EEMUA 191：每人十分钟内超过 10 条即无法处理。",
    "Alerts raised in each hour. More than ten in ten minutes are more than one operator can take "
    "in (EEMUA 191).",
)


def city(runbooks: str) -> Dashboard:
    """Return the dashboard that is open on the wall."""
    panels = [_now(), leading(_trust(), "服务 Service", f"/d/{SERVICE}"), _silent()]
    listed = open_alerts(_LIST, Listing(grave="critical|warning"), height=11)
    where = [open_by(level, words, CITY) for level, words in _WHERE.items()]
    return board(LOOK, runbooks, areas(), [*panels, listed, *where, _raised()])


def _now() -> Stat:
    queries = [_of(severity, ref) for severity, ref in zip(SEVERITIES, "ABC", strict=True)]
    panel = figures(Frame(_NOW, PROMETHEUS, "short", 10, 4), Limits(()), *queries)
    for severity, ref in zip(SEVERITIES, "ABC", strict=True):
        own(panel, ref, Limits(((1, COLOURS[severity]),)), "short")
    return panel


def _of(severity: str, ref: str) -> PromQuery:
    found = f'sum(gridwatch:alerts:firing{{severity="{severity}", {AREA_LABEL}}})'
    return present(f"{found} or {SERVICE_ANSWERS}", SEVERITIES[severity], ref)


def _trust() -> Stat:
    up = present('min(up{job="gridwatch"})', "服务在线 service answers")
    connected = present("min(gridwatch_mqtt_connected)", "已连消息服务器 broker", "B")
    behind = present("max(gridwatch_sink_backlog_age_seconds)", "写入落后 behind", "C")
    frame = Frame(_TRUST, PROMETHEUS, "bool_yes_no", 10, 4)
    panel = figures(frame, Limits(((1, GREEN),), RED), up, connected, behind)
    return own(panel, "C", Limits(((300, RED),)), "s")


def _silent() -> Stat:
    frame = Frame(_SILENT, PROMETHEUS, "short", 4, 4)
    return figures(frame, Limits(((1, ORANGE),)), counted(SILENCE, "失联 silent", "A"))


def _raised() -> Graph:
    query = (
        f'SELECT count("id") FROM "alert" WHERE "transition" =~ /^raised/ AND $timeFilter'
        f' AND {IN_AREA} GROUP BY time($__interval), "severity" fill(0)'
    )
    panel = bars(Frame(_RAISED, INFLUXDB, "short", 24, 6), "1h", lines(query, "$tag_severity"))
    for severity, colour in COLOURS.items():
        panel.override_by_name(severity, painted(colour, SEVERITIES[severity]))
    return panel
