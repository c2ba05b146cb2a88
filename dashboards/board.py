"""What all dashboards have: a name that stays, the way to the others, the time they show."""

from collections.abc import Iterable
from typing import NamedTuple

from grafana_foundation_sdk.builders.dashboard import ConstantVariable, Dashboard, DashboardLink
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableModel,
)

from dashboards.panel import Words

TAG = "gridwatch"
CITY, WATER, DOORS, GAS, SERVICE = (
    f"gridwatch-{name}" for name in ("city", "water", "doors", "gas", "service")
)
"""The uids: a link or a bookmark to one works in every release."""
RUNBOOKS = "https://gridwatch.example"
"""Where the files of the project can be read, as in `deploy/prometheus/prometheus.yml`."""


class Look(NamedTuple):
    """What a dashboard is called, how far back it looks and how often it looks again."""

    uid: str
    words: Words
    since: str
    refresh: str = "1m"


def board(
    look: Look,
    runbooks: str,
    variables: Iterable[Builder[VariableModel]],
    panels: Iterable[Builder[Panel]],
) -> Dashboard:
    """Return a dashboard that only its JSON changes; links to the others keep area and time."""
    made = Dashboard(look.words.title).uid(look.uid).description(look.words.about)
    made.tags([TAG]).readonly().timezone("Asia/Shanghai").tooltip(DashboardCursorSync.CROSSHAIR)
    made.time(look.since, "now").refresh(look.refresh)
    others = DashboardLink("Gridwatch").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    made.link(others.include_vars(include_vars=True).keep_time(keep_time=True))
    for variable in (*variables, ConstantVariable("runbooks").value(runbooks.rstrip("/"))):
        made.with_variable(variable)
    for number, panel in enumerate(panels, 1):
        made.with_panel(_Numbered(panel, number))
    return made


class _Numbered(Builder[Panel]):
    """A panel with its number, by which links to it are made."""

    def __init__(self, panel: Builder[Panel], number: int) -> None:
        self._panel = panel
        self._number = number

    def build(self) -> Panel:
        made = self._panel.build()
        made.id_val = self._number
        return made
