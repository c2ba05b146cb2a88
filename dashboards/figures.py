"""Single figures that answer a question by their colour, and graphs with the limits drawn in."""

from collections.abc import Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    VizLegendOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueTextMode,
    GraphDrawStyle,
    GraphTresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DynamicConfigValue

from dashboards.panel import GREEN, Frame, framed, steps


class Limits(NamedTuple):
    """Colours from values on, and the one below all of them."""

    above: Sequence[tuple[float, str]]
    base: str = GREEN


def figures(frame: Frame, limits: Limits, *queries: Builder[Dataquery]) -> Stat:
    """Return figures side by side, each coloured by the limits unless it has its own."""
    panel = framed(Stat(), frame, *queries)
    panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    panel.color_mode(BigValueColorMode.BACKGROUND).text_mode(BigValueTextMode.VALUE_AND_NAME)
    return panel.thresholds(steps(limits.base, limits.above))


def own(panel: Stat, ref: str, limits: Limits, unit: str) -> Stat:
    """Give one figure limits and a unit of its own."""
    values = [
        DynamicConfigValue("thresholds", steps(limits.base, limits.above).build()),
        DynamicConfigValue("unit", unit),
    ]
    return panel.override_by_query(ref, values)


def leading(panel: Stat, title: str, url: str) -> Stat:
    """Let the panel lead somewhere."""
    way = DashboardLink(title).type(DashboardLinkType.LINK).url(url)
    return panel.links([way])


def graph(frame: Frame, *queries: Builder[Dataquery], limits: Limits | None = None) -> Graph:
    """Return a graph; limits are drawn as lines."""
    panel = framed(Graph(), frame, *queries).span_nulls(3_600_000.0).line_width(1)
    legend = VizLegendOptions().show_legend(show_legend=True)
    panel.legend(legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
    if limits:
        panel.thresholds(steps(limits.base, limits.above))
        panel.thresholds_style(GraphThresholdsStyleConfig().mode(GraphTresholdsStyleMode.LINE))
    return panel


def bars(frame: Frame, every: str, *queries: Builder[Dataquery]) -> Graph:
    """Return a graph of what happened in each span of time, none shorter than `every`."""
    panel = graph(frame, *queries).draw_style(GraphDrawStyle.BARS).fill_opacity(80)
    return panel.interval(every)


def painted(colour: str, name: str) -> list[DynamicConfigValue]:
    """Return the settings of a line with a colour and a name of its own."""
    fixed = {"mode": "fixed", "fixedColor": colour}
    return [DynamicConfigValue("color", fixed), DynamicConfigValue("displayName", name)]
