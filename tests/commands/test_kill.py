"""The service itself, killed with an order half given: the fan is started exactly once."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from devices.instant import Instant, iso_of
from devices.message import decode_command
from devices.models.command import DONE, reply_text
from devices.topic import parse_topic
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.mqtt.session import Session
from tests.mqtt.sessions import received, running, settings_for
from tests.mqtt.waiting import until

pytestmark = pytest.mark.servers
_MONITOR = "gm-1"
_TOPIC = f"gw/v1/gas_monitor/{_MONITOR}"


def measured(at: Instant, *, fan: bool) -> bytes:
    """Return a reading at level 1."""
    told = {
        "v": 1, "type": "telemetry", "device": _MONITOR, "measured_at": iso_of(at),
        "ch4_lel_pct": 26.0, "sensor_status": "ok", "fan": {"running": fan},
    }  # fmt: skip
    return json.dumps(told).encode()


def orders(service: Gridwatch) -> list[tuple[str, str, bool]]:
    """Return identity, state and whether it is proven, of each order."""
    query = "SELECT identity, state, proven_at IS NOT NULL FROM command ORDER BY seq"
    with closing(sqlite3.connect(service.journal)) as database:
        return database.execute(query).fetchall()


async def told(monitor: Session) -> str:
    """Wait for an order, and return its identity."""
    (message,) = await received(monitor, 1)
    monitor.acknowledge([message])
    return decode_command(parse_topic(message.topic), message.payload).id


@pytest.mark.parametrize("kill_when_told", [True, False])
async def test_a_kill_while_an_order_is_given_starts_the_fan_once(
    tmp_path: Path, mosquitto: Mosquitto, *, kill_when_told: bool
) -> None:
    settings = settings_for(mosquitto.port, client_id=_MONITOR, topics=[f"{_TOPIC}/down"])
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    now = MachineClock().now()
    async with running(settings) as monitor:
        with Gridwatch(tmp_path / "gridwatch", tables) as service:
            await until(lambda: monitor.connected)
            await monitor.publish(f"{_TOPIC}/up", measured(now, fan=False))
            first = await told(monitor) if kill_when_told else None
            await until(lambda: len(orders(service)) == 1)
            service.kill()
            service.start()
            first = first or await told(monitor)
            answer = reply_text(_MONITOR, first, DONE, iso_of(MachineClock().now()))
            await monitor.publish(f"{_TOPIC}/reply", answer)
            await monitor.publish(f"{_TOPIC}/up", measured(now, fan=False))
            await monitor.publish(f"{_TOPIC}/up", measured(now + 1, fan=True))
            await until(lambda: orders(service) == [(first, "done", True)])
            service.stop()
        executed = {first, *(await all_told(monitor, f"{_TOPIC}/down"))}
    assert executed == {first}


async def all_told(device: Session, topic: str) -> set[str]:
    """Return the identities of all further orders: none of a stopped service is under way."""
    await device.publish(topic, b"the last")
    found: set[str] = set()
    while True:
        (message,) = await received(device, 1)
        if message.payload == b"the last":
            return found
        found.add(decode_command(parse_topic(message.topic), message.payload).id)
