"""Every transition is one point of a real database, however often it is written."""

import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from ingest.clock import MachineClock
from ingest.demo.programs import InfluxDB, VictoriaMetrics
from ingest.journal.database import open_writer
from ingest.outlets.alert_line import FIELDS, TAGS
from ingest.outlets.influx import InfluxOutlet
from ingest.sink import SinkUnavailable
from ingest.sinks.influx_v1 import InfluxV1Transport
from ingest.sinks.influx_v2 import Bucket, InfluxV2Transport
from ingest.sinks.lines import LineWriter
from ingest.sinks.transport import Answer, Transport
from tests.alerts.gas import ALERT, CRITICAL, MONITOR, RULE, SECOND, STREET, WARNING, placed
from tests.journal.readings import START
from tests.outlets.incident import CLEAR, Incident, incident
from tests.sinks.deliveries import exported_by, held_by_influxdb

DOCUMENT = (Path(__file__).parents[2] / "docs" / "influxdb.md").read_text(encoding="utf-8")
RAISE = ((0, WARNING), (10, WARNING))
STREETS = ("gm-1", "gm-2")


@asynccontextmanager
async def writing(here: Incident, transport: Transport) -> AsyncIterator[InfluxOutlet]:
    outlet = InfluxOutlet(LineWriter(transport, 5_000, MachineClock()), here.room.journal)
    try:
        yield outlet
    finally:
        await outlet.close()


async def tell(here: Incident, outlet: InfluxOutlet) -> None:
    while await outlet.step(here.sent.append):
        pass


def forget_cursor(path: Path) -> None:
    """As if it had been killed between the answer of the database and the commit."""
    with closing(open_writer(path)) as database:
        database.execute("DELETE FROM outlet_cursor")


def v1(database: InfluxDB) -> Transport:
    return InfluxV1Transport(database.url, "gridwatch")


@pytest.mark.servers
async def test_influxdb_holds_each_transition_once_with_all_that_is_known(
    tmp_path: Path, influxdb: InfluxDB
) -> None:
    path = tmp_path / "journal.db"
    async with incident(path, placed(*STREETS)) as here:
        for device in STREETS:
            await here.measures(*RAISE, device=device)
        async with writing(here, v1(influxdb)) as outlet:
            backlog = outlet.backlog
            await tell(here, outlet)
        forget_cursor(path)
    async with incident(path, placed(*STREETS)) as here:
        await here.measures(*CLEAR)
        async with writing(here, v1(influxdb)) as outlet:
            await tell(here, outlet)
            assert (outlet.backlog, outlet.done_to) == (0, 3)

    points = held_by_influxdb(influxdb, "alert")
    assert backlog == 2
    assert [(each["subject"], each["transition"]) for each in points] == [
        ("gas_monitor/gm-1", "raised"),
        ("gas_monitor/gm-2", "raised"),
        ("gas_monitor/gm-1", "resolved"),
    ]
    text_en, text_zh = str(points[0].pop("text_en")), str(points[0].pop("text_zh"))
    assert text_en.startswith("Methane level: 26 %LEL when told")
    assert text_zh.startswith("甲烷浓度告知时为 26 %LEL")
    assert points[0] == {
        "time": START + 10 * SECOND,
        "rule": RULE.name,
        "severity": "warning",
        "transition": "raised",
        "scope": "device",
        "subject": f"gas_monitor/{MONITOR}",
        "area": STREET[2],
        "city": STREET[0],
        "district": STREET[1],
        "street": STREET[2],
        "id": ALERT,
        "sequence": (START + 10 * SECOND) * 1_000_000 + 1,
        "start_at": START,
        "told_at": START + 10 * SECOND,
        "suppressed": False,
    }


@pytest.mark.servers
async def test_the_v2_api_takes_the_same_points(
    tmp_path: Path, victoria_metrics: VictoriaMetrics
) -> None:
    async with incident(tmp_path / "journal.db") as here:
        await here.measures(*RAISE, (20, CRITICAL), (30, CRITICAL))
        transport = InfluxV2Transport(victoria_metrics.url, Bucket("-", "gridwatch"))
        async with writing(here, transport) as outlet:
            await tell(here, outlet)

    held = exported_by(victoria_metrics, '{__name__="alert_start_at"}')
    assert sorted((labels["transition"], labels["area"]) for labels in held) == [
        ("escalated", "unknown"),
        ("raised", "unknown"),
    ]


class Database:
    """A database in memory that answers 503, or 400 to lines with a word it does not like."""

    def __init__(self, *, away: bool = False, dislikes: str = "\0") -> None:
        self.lines: list[str] = []
        self._away = away
        self._dislikes = dislikes

    async def post(self, lines: bytes) -> Answer:
        text = gzip.decompress(lines).decode()
        if self._away or self._dislikes in text:
            return Answer(503 if self._away else 400, None, "no")
        self.lines += text.splitlines()
        return Answer(204, None, "")

    async def close(self) -> None:
        pass


async def test_while_the_database_is_away_the_cursor_stays(tmp_path: Path) -> None:
    async with incident(tmp_path / "journal.db") as here:
        await here.measures(*RAISE)
        async with writing(here, Database(away=True)) as outlet:
            with pytest.raises(SinkUnavailable):
                await tell(here, outlet)
            assert (outlet.done_to, outlet.backlog) == (0, 1)
            assert here.room.journal.delivered_to("influx") == 0


async def test_what_the_database_will_never_take_is_said_and_holds_up_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(dislikes="gm-1")
    async with incident(tmp_path / "journal.db") as here:
        for device in STREETS:
            await here.measures(*RAISE, device=device)
        async with writing(here, database) as outlet:
            await tell(here, outlet)
            left = outlet.backlog

    assert (left, here.sent) == (0, [1])
    assert [re.split("[, ]", line)[0] for line in database.lines] == ["gridwatch_probe", "alert"]
    assert caplog.messages == ["outlet:influx: transition 1 is refused: status 400: no"]


def test_every_tag_and_field_is_documented() -> None:
    section = DOCUMENT.split("\n## Alerts\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert named == [*TAGS, *FIELDS]
