"""The alert as it is now, retained where subscribers look for it."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ingest.clock import pause
from ingest.demo.programs import LOOPBACK, Mosquitto
from ingest.health import Health
from ingest.journal.alert_outgoing import live_after
from ingest.metrics import Metrics
from ingest.mqtt.session import Session
from ingest.outlets.message import message_schema_text, topic_of
from ingest.outlets.mqtt import MqttOutlet, Publisher
from ingest.outlets.outlet import PAGE, Beside, Courier
from ingest.sink import SinkUnavailable
from tests.alerts.gas import ALERT, CRITICAL, GOOD, RULE, STREET, WARNING, batch, gas, placed
from tests.journal.readings import START
from tests.mqtt.sessions import running, settings_for
from tests.outlets.broker import Broker
from tests.outlets.incident import CLEAR, Incident, in_maintenance, incident, title

RAISE = ((0, WARNING), (10, WARNING))
KEEP_S = 3_600
TOPIC = f"gw/v1/alerts/unknown/{RULE.name}/gas_monitor.gm-1"
SCHEMA = Path(__file__).parents[2] / "docs" / "payloads" / "alert.schema.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def to(publisher: Publisher, here: Incident) -> MqttOutlet:
    beside = Beside(here.room.journal, here.room.clock, title)
    return MqttOutlet(publisher, beside, timedelta(seconds=KEEP_S))


async def test_the_message_says_what_the_alert_is_now_on_a_topic_that_never_changes(
    path: Path,
) -> None:
    broker = Broker()
    topic = f"gw/v1/alerts/{STREET[2]}/{RULE.name}/gas_monitor.gm-1"
    async with incident(path, placed("gm-1")) as here:
        outlet = to(broker, here)
        await here.measures(*RAISE)
        await here.tell(outlet, at=10)
        first = broker.at(topic)
        await here.measures((20, CRITICAL), (30, CRITICAL))
        await here.tell(outlet, at=30)

    second = broker.at(topic)
    assert list(broker.retained) == [topic]
    assert (first["severity"], second["severity"]) == ("warning", "critical")
    assert first.pop("text_zh").startswith("甲烷浓度告知时为 26 %LEL")
    assert first.pop("text_en").startswith("Methane level: 26 %LEL when told")
    assert first == {
        "v": 1,
        "id": ALERT,
        "rule": RULE.name,
        "severity": "warning",
        "worst": "warning",
        "state": "firing",
        "suppressed": False,
        "scope": "device",
        "subject": "gas_monitor/gm-1",
        "area": STREET[2],
        "areas": {"city": STREET[0], "district": STREET[1], "street": STREET[2]},
        "start_at": "2025-10-09T08:53:20.000Z",
        "at": "2025-10-09T08:53:30.000Z",
        "told_at": "2025-10-09T08:53:30.000Z",
        "title_zh": RULE.title_zh,
        "title_en": RULE.title,
        "clear_at": None,
    }


async def test_every_state_fits_the_documented_schema(path: Path) -> None:
    broker = Broker()
    long = START + 99 * 24 * 3_600_000
    async with incident(path, in_maintenance(long, "gm-3")) as here:
        for device in ("gm-1", "gm-2", "gm-3"):
            await here.measures(*RAISE, device=device)
        await here.measures(*CLEAR, device="gm-2")
        await here.tell(to(broker, here), at=400)
        states = broker.states()
        await here.room.at(3 * KEEP_S)
        await here.tell(to(broker, here))

    assert states == {
        "gas_monitor.gm-1": "firing",
        "gas_monitor.gm-2": "resolved",
        "gas_monitor.gm-3": "suppressed",
    }
    assert broker.states()["gas_monitor.gm-1"] == "stale"
    validator = Draft202012Validator(json.loads(message_schema_text()))
    for topic in broker.retained:
        validator.validate(broker.at(topic))


def test_the_documented_schema_is_the_code_s() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == message_schema_text(), "stale: run `make docs`"


@pytest.mark.parametrize(
    ("subject", "level"),
    [
        ("water_meter/wm-1.a", "water_meter.wm-1.a"),
        ("d-0123456789abcdef", "d-0123456789abcdef"),
        ("a+b#c/d", "a%2Bb%23c.d"),
    ],
)
async def test_a_subject_is_one_level_without_anything_that_a_topic_reserves(
    path: Path, subject: str, level: str
) -> None:
    async with incident(path) as here:
        await here.measures(*RAISE)
        (alert,) = here.room.journal.read(live_after, "", 1)

    assert topic_of(alert._replace(subject=subject)).split("/")[5:] == [level]


async def test_a_resolved_alert_stays_for_a_while_and_is_then_cleared(path: Path) -> None:
    broker = Broker()
    async with incident(path) as here:
        outlet = to(broker, here)
        await here.measures(*RAISE, *CLEAR)
        await here.tell(outlet, at=400)
        resolved, waits_for = broker.states(), outlet.done_to
        await here.tell(outlet, at=KEEP_S)
        kept = broker.states()
        await here.tell(outlet, at=KEEP_S + 400)

    assert resolved == kept == {"gas_monitor.gm-1": "resolved"}
    assert broker.retained == {}
    assert (waits_for, outlet.done_to) == (0, 2)
    assert broker.published == [TOPIC, TOPIC]


async def test_what_has_come_back_is_neither_cleared_nor_covered_by_what_it_was(
    path: Path,
) -> None:
    broker = Broker()
    async with incident(path) as here:
        await here.measures(*RAISE, *CLEAR)
        await here.tell(to(broker, here), at=400)
        await here.measures((500, WARNING), (510, WARNING))
        await here.tell(to(broker, here), at=3 * KEEP_S)

    assert broker.states() == {"gas_monitor.gm-1": "firing"}
    assert broker.at(TOPIC)["start_at"] == "2025-10-09T09:01:40.000Z"


async def test_after_a_restart_it_goes_on_where_it_was_and_tells_again_what_is_not_over(
    path: Path,
) -> None:
    broker = Broker()
    async with incident(path) as here:
        await here.measures(*RAISE)
        await here.measures(*RAISE, *CLEAR, device="gm-2")
        await here.tell(to(broker, here), at=400)
        broker.published.clear()
    async with incident(path) as here:
        outlet = to(broker, here)
        backlog = outlet.backlog
        await here.tell(outlet, at=400)
        broker.lose()
        await here.tell(outlet, at=400)

    assert backlog == 0
    assert broker.published == [TOPIC, TOPIC]
    assert broker.states() == {"gas_monitor.gm-1": "firing"}


async def test_a_new_outlet_leaves_out_what_was_over_long_ago(path: Path) -> None:
    broker = Broker()
    async with incident(path) as here:
        await here.measures(*RAISE, *CLEAR)
        await here.tell(to(broker, here), at=9 * KEEP_S)

    assert broker.retained == {}


async def test_what_the_broker_does_not_take_waits_and_comes_again(path: Path) -> None:
    broker = Broker()
    broker.refuses = "gm-300"
    devices = [f"gm-{number}" for number in range(PAGE + 100)]
    async with incident(path) as here:
        outlet = to(broker, here)
        await here.tell(outlet)
        readings = [gas(second, WARNING, each) for second in (0, 10) for each in devices]
        await here.room.judging.commit(batch(*readings))
        with pytest.raises(SinkUnavailable, match="NOT_AUTHORIZED"):
            await here.tell(outlet)
        waiting = outlet.backlog
        broker.refuses = ""
        await here.tell(outlet)
        left = outlet.backlog

    assert (waiting, left) == (100, 0)
    assert len(broker.retained) == len(devices)


async def test_without_a_connection_nothing_is_tried(path: Path) -> None:
    broker = Broker()
    broker.connected = False
    async with incident(path) as here:
        await here.measures(*RAISE)
        outlet = to(broker, here)
        await here.tell(outlet)

    assert (broker.published, outlet.done_to) == ([], 0)


@asynccontextmanager
async def publishing(here: Incident, session: Session) -> AsyncIterator[MqttOutlet]:
    """An outlet at work meanwhile."""
    outlet = to(session, here)
    courier = Courier(outlet, timedelta(seconds=0.2))
    task = asyncio.create_task(courier.run(Metrics(), Health()))
    try:
        yield outlet
    finally:
        task.cancel()
        await asyncio.wait((task,))


@pytest.mark.servers
async def test_a_real_broker_retains_it_and_one_that_lost_it_is_told_again(
    path: Path, tmp_path: Path
) -> None:
    server = Mosquitto(tmp_path / "mosquitto", extra=("persistence false",))
    async with incident(path) as here:
        with server:
            async with running(settings_for(server.port)) as session, publishing(here, session):
                await here.measures(*RAISE)
                await until_retained(server, [(TOPIC, "firing")])
                server.kill()
                server.start()
                await until_retained(server, [(TOPIC, "firing")])
                here.room.clock.instant = START + 400_000
                await here.measures(*CLEAR, (400, GOOD))
                await until_retained(server, [(TOPIC, "resolved")])
                here.room.clock.instant += KEEP_S * 1_000
                await until_retained(server, [])


async def until_retained(broker: Mosquitto, expected: list[tuple[str, str]]) -> None:
    async with asyncio.timeout(30):
        while await asyncio.to_thread(subscribed, broker) != expected:
            await pause(timedelta(milliseconds=20))


def subscribed(broker: Mosquitto) -> list[tuple[str, str]]:
    """Return topic and state of the first that `mosquitto_sub` finds retained, within 1 s."""
    command = [
        "mosquitto_sub", "-h", LOOPBACK, "-p", str(broker.port), "-t", "gw/v1/alerts/#",
        "-q", "1", "-v", "--retained-only", "-W", "1", "-C", "1",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    found = [line.partition(" ") for line in run.stdout.splitlines()]
    return [(topic, json.loads(message)["state"]) for topic, _, message in found]
