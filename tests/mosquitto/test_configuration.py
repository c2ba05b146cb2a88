"""The shipped broker configuration, in a real broker."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.demo.programs import LOOPBACK, Mosquitto

pytestmark = pytest.mark.servers

FOLDER = Path(__file__).parents[2] / "mosquitto"
SHIPPED = (FOLDER / "mosquitto.conf").read_text(encoding="utf-8")
TOPIC = "gw/v1/water_meter/wm-1/up"


class ShippedMosquitto(Mosquitto):
    """The shipped text; only port, folder and user are those of the test."""

    def configuration(self) -> str:
        text, ports = re.subn(r"(?m)^listener 1883 ", f"listener {self.port} ", SHIPPED)
        text, folders = re.subn(
            r"(?m)^persistence_location .*", f"persistence_location {self.folder}/", text
        )
        assert (ports, folders) == (1, 1)
        return f"{text}\nuser root\n" if os.geteuid() == 0 else text


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with ShippedMosquitto(tmp_path) as broker:
        yield broker


@asynccontextmanager
async def session(broker: Mosquitto, client_id: str) -> AsyncIterator[aiomqtt.Client]:
    """A session that outlives its connection by a day."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 86_400
    async with aiomqtt.Client(
        LOOPBACK,
        broker.port,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        max_inflight_messages=100,
    ) as client:
        yield client


async def test_what_is_queued_for_the_service_survives_a_stop_of_the_broker(
    broker: Mosquitto,
) -> None:
    count = 3_000
    async with session(broker, "gridwatch") as service:
        await service.subscribe("gw/v1/+/+/up", qos=1)
    async with session(broker, "device") as device:
        for number in range(count):
            await device.publish(TOPIC, str(number), qos=1)

    broker.stop()
    broker.start()

    async with session(broker, "gridwatch") as service:
        messages = aiter(service.messages)
        got = [int(str((await anext(messages)).payload, "ascii")) for _ in range(count)]
    assert got == list(range(count))


def test_the_broker_takes_every_line_of_the_configuration_without_complaint(
    broker: Mosquitto,
) -> None:
    said = broker.log.read_text().replace("Warning: Mosquitto should not be run as root", "")

    assert not re.search(r"(?i)error|warning|unknown|deprecated", said)


def test_the_only_open_listener_is_on_loopback() -> None:
    listeners = re.findall(r"(?m)^listener .*", SHIPPED)

    assert listeners == ["listener 1883 127.0.0.1"]
