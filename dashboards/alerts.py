"""Alerts that are not resolved: how many, which, and what to do about them.

InfluxDB holds transitions. The last one told of each rule and subject says how it is now: that with
the greatest `sequence`. `last()` would go by device time, and of two transitions in one millisecond
take any. A rule and a subject have one alert at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders.prometheus import Dataquery as PromQuery
from grafana_foundation_sdk.builders.table import Panel

from dashboards.area import AREA_LABEL, CARRIED, IN_AREA, LEVELS, into
from dashboards.panel import BLUE, ORANGE, RED, Frame, Words
from dashboards.query import INFLUXDB, present, rows
from dashboards.rules_shown import boards, pages, titles
from dashboards.table import Column, Table, column, link, part, table, texts

LOOKED_BACK = "30d"
"""What began earlier is not listed; the metrics count it all the same."""
COLOURS = {"critical": RED, "warning": ORANGE, "notice": BLUE}
SEVERITIES = {
    "critical": "严重 critical",
    "warning": "警告 warning",
    "notice": "提示 notice",
}
_STATES = {
    "lost": "数据中断 data lost",
    "suppressed": "已抑制 nobody is told",
    **dict.fromkeys(
        ("raised", "raised_late", "escalated", "eased", "regained", "resumed", "reset", "recurred"),
        "持续 on",
    ),
    "cleared": "待复位 clear, to be reset",
}
_OVER = "/^(resolved|would_not_have_fired)$/"
_WITHOUT_KIND = "^(?:[a-z_]+/)?(.*)$"
_PAGE = "${runbooks}/rules/library/${__value.text}/README.md#at-three-in-the-morning"
_SHOWN = '"severity", "rule" AS "title", "subject", "community", "start_at", "transition"'
_WITH = '"text_zh", "text_en", "rule" AS "board", "rule" AS "runbook"'
SERVICE_ANSWERS = '0 * max(up{job="gridwatch"} == 1)'
"""Zero while the service is scraped: no alerts and no answer must not look the same."""


class Listing(NamedTuple):
    """Which alerts a list holds: of these rules, or of all; of these severities, or of all.

    `grave` is a pattern, the gravest first in the alphabet; a list of all is sorted by time alone.
    A subject leads to the dashboard `uid` with it as `device`, if that is a variable there.
    """

    rules: Sequence[str] = ()
    grave: str = ""
    uid: str = ""
    device: str = ""

    def of(self, texts: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is said of the rules of this list."""
        return {rule: text for rule, text in texts.items() if rule in (self.rules or texts)}


def open_alerts(words: Words, listing: Listing, height: int = 9) -> Panel:
    """Return the list of alerts that are not resolved."""
    chosen = f' AND "rule" =~ /^({"|".join(listing.rules)})$/' if listing.rules else ""
    query = f"SELECT {_SHOWN}, {_WITH} FROM ({_last(chosen)}) WHERE {_on(listing.grave)}"
    frame = Frame(words, INFLUXDB, "string", 24, height)
    order = ("severity", "-Time") if listing.grave else ("-Time",)
    return table(frame, Table(_columns(listing), order), rows(query))


def open_by(level: str, words: Words, uid: str) -> Panel:
    """Return how many alerts are not resolved in each area of a level, with links into it."""
    query = (
        f'SELECT count("sequence") AS "open" FROM ({_last("")}) WHERE {_on("")} GROUP BY "{level}"'
    )
    within = f"/d/{uid}?{into(level)}"
    columns = (
        column("Time", "", custom_hidden=True),
        column(level, LEVELS[level], links=link("进入 go there", within)),
        column("open", "未解除 open", unit="short"),
    )
    return table(Frame(words, INFLUXDB, "string", 8, 7), Table(columns, ("-open",)), rows(query))


def counted(rules: Iterable[str], legend: str, ref: str) -> PromQuery:
    """Return how many alerts of these rules are not resolved, in the area as far as metrics go."""
    found = f'sum(gridwatch_alerts{{rule=~"{"|".join(rules)}", {AREA_LABEL}}})'
    return present(f"{found} or {SERVICE_ANSWERS}", legend, ref)


def _last(chosen: str) -> str:
    """Return the last transition of each rule and subject."""
    taken = (
        'max("sequence") AS "sequence", "transition", "severity", "start_at", "text_zh", "text_en"'
    )
    by = '"rule", "subject", "district", "street", "community"'
    within = f"time > now() - {LOOKED_BACK} AND {IN_AREA}{chosen}"
    return f'SELECT {taken} FROM "alert" WHERE {within} GROUP BY {by}'


def _on(grave: str) -> str:
    also = f' AND "severity" =~ /^({grave})$/' if grave else ""
    return f'"transition" !~ {_OVER}{also}'


def _columns(listing: Listing) -> tuple[Column, ...]:
    coloured = {"type": "color-background", "mode": "basic"}
    wrapped = {"type": "auto", "wrapText": True}
    board = "/d/${__data.fields.board}?" + CARRIED
    return (
        column("Time", "变化 changed", unit="dateTimeFromNow", custom_width=130),
        column(
            "severity",
            "级别 severity",
            mappings=texts(SEVERITIES, COLOURS),
            custom_cellOptions=coloured,
            custom_width=120,
        ),
        column(
            "title",
            "告警 alert",
            mappings=texts(listing.of(titles())),
            links=link("打开 open", board),
        ),
        _subject(listing),
        column("community", "社区 community", custom_width=130),
        column("start_at", "开始 since", unit="dateTimeFromNow", custom_width=120),
        column("transition", "状态 state", mappings=texts(_STATES), custom_width=110),
        column("text_zh", "说明", custom_cellOptions=wrapped),
        column("text_en", "explanation", custom_cellOptions=wrapped),
        column("board", "", mappings=texts(listing.of(boards())), custom_hidden=True),
        column(
            "runbook",
            "处置 what to do",
            mappings=texts(listing.of(pages())),
            links=link("处置手册 runbook", _PAGE),
            custom_width=140,
        ),
    )


def _subject(listing: Listing) -> Column:
    settings: dict[str, object] = {"mappings": part(_WITHOUT_KIND), "custom_width": 150}
    if listing.device:
        url = f"/d/{listing.uid}?{CARRIED}&var-{listing.device}=${{__value.text}}"
        settings["links"] = link("只看它 only this one", url)
    return column("subject", "对象 subject", **settings)
