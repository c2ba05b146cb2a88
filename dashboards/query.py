"""Queries of panels: InfluxQL, for which the SDK has no type, and PromQL."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from grafana_foundation_sdk.builders.prometheus import Dataquery as PromQuery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

INFLUXDB = DataSourceRef("influxdb", "gridwatch-influxdb")
PROMETHEUS = DataSourceRef("prometheus", "gridwatch-prometheus")
"""By uid, as `deploy/grafana/provisioning` names them."""

Form: TypeAlias = Literal["time_series", "table"]


@dataclass(frozen=True, slots=True)
class InfluxQL(Dataquery):
    """A query as it is typed, not clicked together; `alias` names the lines of a graph."""

    query: str
    form: Form = "time_series"
    alias: str = ""
    ref: str = "A"

    def to_json(self) -> dict[str, object]:
        """Return the target as Grafana keeps it."""
        return {
            "refId": self.ref,
            "datasource": INFLUXDB,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": self.form,
            "alias": self.alias,
        }


@dataclass(frozen=True, slots=True)
class Asked(Builder[Dataquery]):
    """A query on its way into a panel."""

    query: Dataquery

    def build(self) -> Dataquery:
        """Return the query."""
        return self.query


def lines(query: str, alias: str, ref: str = "A") -> Asked:
    """Return a query for a graph; in `alias` stands `$tag_device` for the tag of a line."""
    return Asked(InfluxQL(query, alias=alias, ref=ref))


def rows(query: str) -> Asked:
    """Return a query for a table."""
    return Asked(InfluxQL(query, "table"))


def history(expr: str, legend: str, ref: str = "A") -> PromQuery:
    """Return a query over the time that is shown; in `legend` stands `{{kind}}` for a label."""
    return PromQuery().expr(expr).legend_format(legend).range().ref_id(ref).datasource(PROMETHEUS)


def present(expr: str, legend: str, ref: str = "A") -> PromQuery:
    """Return a query of what is so now."""
    return PromQuery().expr(expr).legend_format(legend).instant().ref_id(ref).datasource(PROMETHEUS)


def present_rows(expr: str) -> PromQuery:
    """Return a query of what is so now for a table, a row for each set of labels."""
    return present(expr, "").format(PromQueryFormat.TABLE)
