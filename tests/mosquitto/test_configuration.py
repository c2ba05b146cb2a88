"""The shipped broker configuration, in a real broker."""

import os
import re
import signal
import subprocess
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.mqtt.publishing import run_tool

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


def test_both_configurations_differ_only_in_who_may_connect() -> None:
    access = re.compile(
        r"(listener|per_listener_settings|allow_anonymous|certfile|keyfile|tls_version|plugin)"
    )
    trial, secured = (
        [line for line in text.splitlines() if line and line[0] != "#" and not access.match(line)]
        for text in (SHIPPED, (FOLDER / "secured.conf").read_text(encoding="utf-8"))
    )

    assert secured == trial


class GuardedMosquitto(ShippedMosquitto):
    """Passwords as README.md makes them, and its list of what each user may do."""

    def configuration(self) -> str:
        readme = (FOLDER / "README.md").read_text(encoding="utf-8")
        (block,) = re.findall(r"```\n( +user gridwatch\n.*?)```", readme, re.DOTALL)
        passwords, acl = self.folder / "passwords", self.folder / "acl"
        if not acl.exists():
            acl.write_text(textwrap.dedent(block), encoding="utf-8")
            passwords.touch(mode=0o600)
            for user in ("gridwatch", "duty", "wm-1", "wm-2"):
                subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, user], check=True)
        guarded = (
            f"allow_anonymous false\npassword_file {passwords}\nacl_file {acl}\n"
            "use_username_as_clientid true"
        )
        text, count = re.subn(r"(?m)^allow_anonymous true$", guarded, super().configuration())
        assert count == 1
        return text


async def test_by_the_list_of_the_readme_a_device_speaks_for_itself_alone(tmp_path: Path) -> None:
    topics = [
        f"gw/v1/water_meter/{device}/{channel}"
        for device in ("wm-2", "wm-1")
        for channel in ("up", "reply", "status", "down")
    ]
    with GuardedMosquitto(tmp_path) as broker:
        async with signed_in(broker, "gridwatch") as service, signed_in(broker, "wm-1") as device:
            await service.subscribe("gw/v1/#", qos=1)
            await device.subscribe("gw/v1/#", qos=1)
            for topic in topics:
                await device.publish(topic, "by the device", qos=0)
                await service.publish(topic, "by the service", qos=0)
            await device.publish(topics[4], "end", qos=1)
            await service.publish(topics[7], "end", qos=1)

            assert await heard(service) == [(topic, "by the device") for topic in topics[4:7]]
            assert await heard(device) == [(topics[7], "by the service")]


async def test_by_the_list_of_the_readme_alerts_are_the_service_s_and_no_device_reads_them(
    tmp_path: Path,
) -> None:
    topic = "gw/v1/alerts/500103003/burst/water_meter.wm-1"
    with GuardedMosquitto(tmp_path) as broker:
        async with (
            signed_in(broker, "gridwatch") as service,
            signed_in(broker, "wm-1") as device,
            signed_in(broker, "duty") as duty,
        ):
            for reader in (device, duty):
                await reader.subscribe("gw/v1/#", qos=1)
            await device.publish(topic, "by the device", qos=0)
            await duty.publish(topic, "by the reader", qos=0)
            await service.publish(topic, "by the service", qos=1, retain=True)
            for end in (topic, "gw/v1/water_meter/wm-1/down"):
                await service.publish(end, "end", qos=1)

            assert await heard(duty) == [(topic, "by the service")]
            assert await heard(device) == []


async def test_without_the_plugin_a_device_that_is_removed_is_disconnected_at_the_reload(
    tmp_path: Path,
) -> None:
    with GuardedMosquitto(tmp_path) as broker:
        async with signed_in(broker, "wm-1") as device:
            assert broker.pid
            await run_tool("mosquitto_passwd", "-D", str(tmp_path / "passwords"), "wm-1")
            os.kill(broker.pid, signal.SIGHUP)

            with pytest.raises(aiomqtt.MqttError):
                await anext(aiter(device.messages))


async def test_without_the_plugin_a_device_cannot_take_over_the_session_of_the_service(
    tmp_path: Path,
) -> None:
    with GuardedMosquitto(tmp_path) as broker:
        async with signed_in(broker, "gridwatch") as service:
            async with signed_in(broker, "wm-1", "gridwatch"):
                pass
            await service.subscribe("gw/v1/+/+/up", qos=1)


async def heard(client: aiomqtt.Client) -> list[tuple[str, str]]:
    """What arrives before the end."""
    found = []
    async for message in client.messages:
        text = str(message.payload, "ascii")
        if text == "end":
            break
        found.append((message.topic.value, text))
    return found


def signed_in(broker: Mosquitto, user: str, client_id: str | None = None) -> aiomqtt.Client:
    return aiomqtt.Client(
        LOOPBACK,
        broker.port,
        identifier=client_id or user,
        username=user,
        password=user,
        protocol=aiomqtt.ProtocolVersion.V5,
    )
