"""Service health: does Gridwatch take, judge and pass on everything, and for how long can it?"""

import re
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.table import Panel as TablePanel
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from dashboards.alerts import COLOURS, SEVERITIES
from dashboards.board import SERVICE, Look, board
from dashboards.figures import Limits, figures, graph, own
from dashboards.panel import GREEN, ORANGE, RED, Frame, Words
from dashboards.query import PROMETHEUS, history, present, present_rows
from dashboards.table import Table, column, link, table, texts

LOOK = Look(
    SERVICE,
    Words(
        "服务健康",
        "Service health",
        "给运维人员：服务是否接收、判断并送出一切，还能撑多久。",
        "For the operator: does the service take, judge and pass on everything, and for how long.",
    ),
    "now-3h",
    "30s",
)
_PAGES = Path(__file__).parents[1] / "docs" / "runbooks"
_HEAD = re.compile(r"^# (\w+) \((.+)\)$", re.MULTILINE)
_RUNBOOK = "${runbooks}/docs/runbooks/${__value.raw}.md"

_STATE = Words(
    "状态",
    "State",
    "在线、已连接、日志库可写、磁盘剩余（2 GB：GridwatchDiskNearlyFull）、"
    "日志库占用（95 %：GridwatchJournalNearlyFull）。",
    "Answers, connected, the journal takes what comes; free disk (2 GB: GridwatchDiskNearlyFull) "
    "and use of the journal (95 %: GridwatchJournalNearlyFull).",
)
_FIRING = Words(
    "服务告警",
    "Alerts about the service",
    "Prometheus 正在报的告警；点击名称打开处置手册。空表示没有。",
    "What Prometheus tells now; the name leads to its runbook. Empty means none.",
)
_TAKEN = Words(
    "接收与存储",
    "Taken and stored",
    "每秒消息数与读数。水表集中上传的一小时会高出数倍；掉到 0 见 GridwatchNothingHeard。",
    "Messages and readings a second. The hour of uploads is many times as high; for none at all "
    "see GridwatchNothingHeard.",
)
_BEHIND = Words(
    "写入落后",
    "Sinks behind",
    "最旧的未写入读数的年龄；300 秒：GridwatchSinkBacklogOld。读数在日志库中，不会丢失。",
    "Age of the oldest reading that a sink does not have yet; 300 s: GridwatchSinkBacklogOld. "
    "Nothing is lost: the journal has it.",
)
_OUTLETS = Words(
    "告警送出积压",
    "Outlets behind",
    "尚未送出的告警变化数；连续 5 分钟不为 0：GridwatchOutletBehind。",
    "Changes of alerts that have not left; more than none for 5 min: GridwatchOutletBehind.",
)
_COMMIT = Words(
    "提交耗时",
    "Time of a commit",
    "99 % 的批次在此时间内落盘；1 秒：GridwatchCommitSlow。",
    "99 % of the batches are durable within it; 1 s: GridwatchCommitSlow.",
)
_REFUSED = Words(
    "死信",
    "Dead letters",
    "15 分钟内被拒的消息，按类型和原因；30 条：GridwatchDeadLettersRising。"
    "内容见 gridwatch deadletter list。",
    "Messages refused within 15 min, by kind and reason; 30: GridwatchDeadLettersRising. They are "
    "shown by gridwatch deadletter list.",
)
_PROCESS = Words(
    "内存",
    "Memory",
    "服务进程的常驻内存；应平稳，设备数不变时持续上升即为缺陷。",
    "Resident memory of the process; flat while the number of devices is. A steady rise is a "
    "defect.",
)
_LATE = Words(
    "乱序与重复",
    "Late and repeated",
    "一小时内比该设备最新读数更早到的读数比例；10 %：GridwatchLateReadings。",
    "Share of readings of an hour that are older than the newest of their device; 10 %: "
    "GridwatchLateReadings.",
)


def service(runbooks: str) -> Dashboard:
    """Return the dashboard of the operator."""
    panels = (
        _state(),
        _firing(),
        _taken(),
        _one(_BEHIND, "gridwatch_sink_backlog_age_seconds", "{{sink}}", "s", 300),
        _one(_OUTLETS, "gridwatch_outlet_backlog", "{{outlet}}", "short"),
        _one(_COMMIT, "gridwatch:commit_seconds:p99_5m", "p99", "s", 1),
        _one(_REFUSED, _BY_REASON, "{{kind}} {{reason}}", "short", 30),
        _one(_LATE, _SHARE, "{{kind}}", "percentunit", 0.1),
        _memory(),
    )
    return board(LOOK, runbooks, (), panels)


_BY_REASON = "sum by (kind, reason) (gridwatch:dead_letters:increase15m)"
_SHARE = "gridwatch:readings_late:increase1h / gridwatch:readings_stored:increase1h"


def _state() -> Stat:
    frame = Frame(_STATE, PROMETHEUS, "bool_yes_no", 24, 4)
    panel = figures(
        frame,
        Limits(((1, GREEN),), RED),
        present('min(up{job="gridwatch"})', "在线 answers"),
        present("min(gridwatch_mqtt_connected)", "已连接 connected", "B"),
        present("1 - max(gridwatch_journal_unavailable)", "日志库可写 journal", "C"),
        present("min(gridwatch_journal_disk_free_bytes)", "磁盘剩余 disk free", "D"),
        present("max(gridwatch:journal:used_ratio)", "日志库占用 journal used", "E"),
        present("sum(gridwatch_devices_unregistered)", "未登记设备 unregistered", "F"),
    )
    own(panel, "D", Limits(((2e9, GREEN),), RED), "decbytes")
    own(panel, "E", Limits(((0.8, ORANGE), (0.95, RED))), "percentunit")
    return own(panel, "F", Limits(((1, ORANGE),)), "short")


def _firing() -> TablePanel:
    """The name stands twice: as it is, and in words."""
    named = 'ALERTS{alertname=~"Gridwatch.*", alertstate="firing"}'
    meant = f'label_replace({named}, "meaning", "$1", "alertname", "(.+)")'
    by = "alertname, meaning, severity, area, kind, reason, sink, outlet, rule"
    hidden = [column(name, "", custom_hidden=True) for name in ("Time", "Value")]
    columns = (
        *hidden,
        column("severity", "级别 severity", mappings=texts(SEVERITIES, COLOURS)),
        column("alertname", "告警 alert", links=link("处置手册 runbook", _RUNBOOK)),
        column("meaning", "含义 meaning", mappings=texts(_meanings())),
    )
    frame = Frame(_FIRING, PROMETHEUS, "string", 24, 6)
    form = Table(columns, ("severity", "alertname"))
    return table(frame, form, present_rows(f"max by ({by}) ({meant})"))


def _meanings() -> dict[str, str]:
    """Return what each alert means, from the heads of the runbooks."""
    pages = sorted(_PAGES.glob("Gridwatch*.md"))
    heads = (_HEAD.match(page.read_text(encoding="utf-8")) for page in pages)
    return {head[1]: head[2] for head in heads if head}


def _taken() -> Graph:
    messages = "sum by (kind) (gridwatch:messages_received:rate5m)"
    readings = "sum by (kind) (gridwatch:readings_stored:rate5m)"
    return graph(
        Frame(_TAKEN, PROMETHEUS, "cps", 12, 7),
        history(messages, "{{kind}} 消息 messages"),
        history(readings, "{{kind}} 读数 readings", "B"),
    ).min(0)


def _one(words: Words, expr: str, legend: str, unit: str, most: float | None = None) -> Graph:
    """Return a graph with one limit at most, that of the alert which the words name."""
    frame = Frame(words, PROMETHEUS, unit, 12, 7)
    limits = Limits(((most, RED),)) if most else None
    return graph(frame, history(expr, legend), limits=limits).min(0)


def _memory() -> Graph:
    resident = 'process_resident_memory_bytes{job="gridwatch"}'
    return graph(Frame(_PROCESS, PROMETHEUS, "bytes"), history(resident, "常驻 resident")).min(0)
