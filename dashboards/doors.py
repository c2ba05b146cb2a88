"""Doors and welfare: who may need help, which doors are not safe, whose right to enter ends."""

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph

from dashboards.alerts import Listing, counted, open_alerts
from dashboards.area import IN_AREA, areas
from dashboards.board import DOORS, Look, board
from dashboards.figures import Limits, bars, figures, own
from dashboards.panel import ORANGE, RED, Frame, Words
from dashboards.query import INFLUXDB, PROMETHEUS, lines
from dashboards.rules_shown import LEASES, WELFARE, others

LOOK = Look(
    DOORS,
    Words(
        "门禁与关爱",
        "Doors and welfare",
        "先看关爱对象：可能有人需要帮助。住所和人员只以假名出现，由社区自己的系统对应。",
        "Persons in care first: somebody may need help. Dwellings and persons are pseudonyms that "
        "only the community's own system can resolve.",
    ),
    "now-24h",
)
_NOW = Words(
    "未解除告警",
    "Alerts not resolved",
    "关爱、门禁安全和租约告警的数量；含已抑制的，精确到街道。",
    "Of persons in care, of doors, of leases; suppressed ones as well, by street at the finest.",
)
_CARE = Words(
    "关爱对象",
    "Persons in care",
    "门和水都没有动静，或数日无人开门。"
    "先电话联系，无人接听则上门；建议时限：电话 15 分钟，到场 60 分钟。",
    "Neither door nor water for too long, or a door that nobody opens for days. Telephone first, "
    "then a visit; suggested limits of this project: call within 15 min, be there within 60.",
)
_SAFE = Words(
    "门禁安全",
    "Doors",
    "强行打开、胁迫、长时间未关、被拆动、离线、凭证多次被拒、住所人数异常。",
    "Forced, duress, held open, tampered with, offline, credentials refused, too many people.",
)
_LEASES = Words(
    "租约与授权",
    "Leases and authorisations",
    "即将到期和已到期的租约；“门禁授权未生效”表示门没有执行撤销，人仍可进入。",
    "Leases that end or have ended. An authorisation that was not carried out means that a door "
    "still lets in whom it should not.",
)
_PASSED = Words(
    "开门与拒绝",
    "Opened, refused, forced",
    "每小时次数。拒绝突然增多：控制器授权丢失，或有人尝试凭证。一小时没有开门：门禁或网络中断。",
    "Counts of each hour. Many refusals: a controller lost its list, or somebody tries. None "
    "opened: doors or the network are away.",
)
_EVENTS = {
    "opened": ("开门 opened", "\"event\" = 'opened'"),
    "denied": ("拒绝 refused", "\"event\" = 'denied'"),
    "forced": ("强行打开 forced", "\"event\" = 'forced'"),
}


def doors(runbooks: str) -> Dashboard:
    """Return the dashboard of doors and of the people behind them."""
    safety = others(DOORS, *WELFARE, *LEASES)
    panels = (
        _now(safety),
        _passed(),
        open_alerts(_CARE, Listing(WELFARE), height=7),
        open_alerts(_SAFE, Listing(safety)),
        open_alerts(_LEASES, Listing(LEASES)),
    )
    return board(LOOK, runbooks, areas(), panels)


def _now(safety: tuple[str, ...]) -> Stat:
    panel = figures(
        Frame(_NOW, PROMETHEUS, "short", 8, 7),
        Limits(((1, ORANGE),)),
        counted(WELFARE, "关爱对象 persons in care", "A"),
        counted(safety, "门禁安全 doors", "B"),
        counted(LEASES, "租约 leases", "C"),
    )
    return own(panel, "A", Limits(((1, RED),)), "short")


def _passed() -> Graph:
    queries = [
        lines(_count(condition), name, ref)
        for ref, (name, condition) in zip("ABC", _EVENTS.values(), strict=True)
    ]
    return bars(Frame(_PASSED, INFLUXDB, "short", 16, 7), "1h", *queries)


def _count(condition: str) -> str:
    within = f"{condition} AND $timeFilter AND {IN_AREA}"
    return f'SELECT count("event") FROM "door" WHERE {within} GROUP BY time($__interval) fill(0)'
