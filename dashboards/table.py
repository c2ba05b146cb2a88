"""Tables, and what their columns are called, show and lead to."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.builders.table import Panel
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    DynamicConfigValue,
    RegexMap,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from dashboards.panel import Frame, framed


class Column(NamedTuple):
    """A column of an answer: its name there, its head, and what is set for it."""

    name: str
    head: str
    settings: Mapping[str, object]


class Table(NamedTuple):
    """A table: its columns, and those it is sorted by; with `-` before it, the greatest first."""

    columns: Sequence[Column]
    sorted_by: Sequence[str]


def column(name: str, head: str, **settings: object) -> Column:
    """Return a column; settings are those of Grafana's overrides, `_` in place of `.`."""
    return Column(name, head, settings)


def link(title: str, url: str) -> list[dict[str, object]]:
    """Return the link of a column's cells."""
    return [{"title": title, "url": url, "targetBlank": url.startswith("${runbooks}")}]


def texts(shown: Mapping[str, str], colours: Mapping[str, str] | None = None) -> list[ValueMapping]:
    """Return what is shown in place of values, and in which colour."""
    found = {
        value: ValueMappingResult(text, (colours or {}).get(value), index=index)
        for index, (value, text) in enumerate(shown.items())
    }
    return [ValueMap(found)]


def part(pattern: str) -> list[ValueMapping]:
    """Return the first group of a pattern in place of a value that matches."""
    return [RegexMap(DashboardRegexMapOptions(pattern, ValueMappingResult("$1", index=0)))]


def table(frame: Frame, form: Table, query: Builder[Dataquery]) -> Panel:
    """Return a table."""
    panel = framed(Panel(), frame, query)
    for each in form.columns:
        values = [DynamicConfigValue("displayName", each.head)]
        values += [
            DynamicConfigValue(name.replace("_", "."), value)
            for name, value in each.settings.items()
        ]
        panel.override_by_name(each.name, values)
    heads = {each.name: each.head for each in form.columns}
    return panel.sort_by([_order(name, heads) for name in form.sorted_by])


def _order(name: str, heads: Mapping[str, str]) -> TableSortByFieldState:
    made = TableSortByFieldState().display_name(heads[name.removeprefix("-")])
    return made.desc(name.startswith("-"))
