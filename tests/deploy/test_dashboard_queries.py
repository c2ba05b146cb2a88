"""Every query of every panel and variable, against a real InfluxDB and a real Prometheus.

Both are filled by the simulated community and its service. An error fails, and so does an answer
without a value; where an empty one would be good news, `district` lets happen what it is about.
"""

import json
from collections.abc import Iterator, Mapping

import pytest

from ingest.clock import MachineClock
from ingest.demo.programs import InfluxDB
from ingest.journal.alert_outgoing import Told
from ingest.outlets.alert_line import alert_line
from ingest.sinks.influx_query import InfluxDatabase
from ingest.sinks.influx_v1 import InfluxV1Transport
from ingest.sinks.lines import LineWriter
from tests.deploy.district import DATABASE, District, lived_through
from tests.deploy.grafana import BOARDS, Query, Shown, filled, options, queries, shown, variables

pytestmark = pytest.mark.servers
EVERYWHERE, CHOSEN = "everywhere", "chosen"
OF_AN_AREA = [query for query in queries() if "${district:" in json.dumps(query.target)]
_ALL = ".*"
_STEP_S = 15
_RATE = "1m"


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    with lived_through(tmp_path_factory.mktemp("district")) as servers:
        yield servers


@pytest.fixture(scope="module")
def database(district: District) -> InfluxDatabase:
    return InfluxDatabase(district.influxdb.url, DATABASE, {}, timeout_s=30)


@pytest.fixture(scope="module")
def values(database: InfluxDatabase) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return what Grafana puts in for the variables of each dashboard, everywhere and chosen."""
    time = shown("gridwatch-city", MachineClock().now())
    return {
        (uid, where): values_of(uid, database, time, everywhere=where == EVERYWHERE)
        for uid in BOARDS
        for where in (EVERYWHERE, CHOSEN)
    }


def values_of(
    uid: str, database: InfluxDatabase, time: Shown, *, everywhere: bool
) -> Mapping[str, str]:
    """Return the first value of each variable, or All where there is such a choice.

    Each must have something to offer.
    """
    found: dict[str, str] = {}
    for each in variables(uid):
        if each["type"] == "constant":
            found[each["name"]] = each["query"]
            continue
        series = database.series(filled(each["query"], found, time, _RATE))
        offered = options(each, [row[1] for one in series for row in one["values"]])
        assert offered, each["name"]
        found[each["name"]] = _ALL if everywhere and each["includeAll"] else offered[0]
    return found


def answers(query: Query, district: District, values: Mapping[str, str]) -> list[list[object]]:
    """Return the rows of an answer, of all series."""
    time = shown(query.board, MachineClock().now())
    if "query" in query.target:
        interval = query.panel.get("interval", _RATE)
        text = filled(query.target["query"], values, time, interval)
        database = InfluxDatabase(district.influxdb.url, DATABASE, {}, timeout_s=30)
        return [row[1:] for one in database.series(text) for row in one["values"]]
    expr = filled(query.target["expr"], values, time, _RATE)
    if query.target.get("instant"):
        found = district.prometheus.ask("query", query=expr)["result"]
        return [[each["value"][1]] for each in found]
    span = {"start": str(time.since / 1000), "end": str(time.until / 1000), "step": str(_STEP_S)}
    found = district.prometheus.ask("query_range", query=expr, **span)["result"]
    return [[value] for each in found for _, value in each["values"]]


@pytest.mark.parametrize("where", [EVERYWHERE, CHOSEN])
@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_a_query_is_answered_with_a_value(
    query: Query,
    where: str,
    district: District,
    values: Mapping[tuple[str, str], Mapping[str, str]],
) -> None:
    rows = answers(query, district, values[query.board, where])

    assert any(value is not None and value != "NaN" for row in rows for value in row)


@pytest.mark.parametrize("query", OF_AN_AREA, ids=lambda query: query.name)
def test_of_another_district_a_query_finds_nothing(
    query: Query, district: District, values: Mapping[tuple[str, str], Mapping[str, str]]
) -> None:
    elsewhere = {**values[query.board, EVERYWHERE], "district": "500103"}

    rows = answers(query, district, elsewhere)

    assert {value for row in rows for value in row} <= {"0"}


def test_the_list_of_alerts_holds_what_the_metrics_count(
    district: District, values: Mapping[tuple[str, str], Mapping[str, str]]
) -> None:
    (listing,) = (q for q in queries() if q.name == "gridwatch-city-4-A")
    rows = answers(listing, district, values["gridwatch-city", EVERYWHERE])
    counted = district.prometheus.value_of('sum(gridwatch_alerts{severity!="notice"})')

    assert len(rows) == counted
    assert {row[0] for row in rows} == {"critical", "warning"}


@pytest.mark.parametrize(
    ("first", "second", "listed"),
    [("regained", "resolved", []), ("regained", "escalated", ["critical"])],
)
async def test_of_two_transitions_in_one_millisecond_the_later_counts(
    first: str, second: str, listed: list[str], influxdb: InfluxDB
) -> None:
    at = MachineClock().now() - 1_000
    told = Told._make(
        (1, "id", "burst", "device", "water_meter/wm-1", "", at, first, 2, at, at, False, "z", "z")
    )
    later = told._replace(seq=2, transition=second, severity=3, text_zh="a")
    writer = LineWriter(InfluxV1Transport(influxdb.url, DATABASE), 10, MachineClock())
    await writer.write([alert_line(told), alert_line(later)])
    await writer.close()
    (listing,) = (q for q in queries() if q.name == "gridwatch-city-4-A")
    everywhere = dict.fromkeys(("city", "district", "street", "community"), _ALL)
    text = filled(listing.target["query"], everywhere, shown(listing.board, at), _RATE)

    series = InfluxDatabase(influxdb.url, DATABASE, {}, timeout_s=10).series(text)

    assert [row[1] for each in series for row in each["values"]] == listed
