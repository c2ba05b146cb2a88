import asyncio
import json
import subprocess
from datetime import timedelta
from pathlib import Path

import aiomqtt
import pytest

from devices.instant import Instant, iso_of
from devices.models.emission import Emission
from devices.models.fleet import Fleet
from devices.models.plan import STEADY, FleetPlan
from devices.topic import Channel, Topic
from ingest.clock import FastClock, MachineClock, pause
from ingest.demo.programs import LOOPBACK, Mosquitto, free_port
from ingest.simulate.broker import Broker, BrokerUnreachable, Login, Logins
from ingest.simulate.layout import Layout
from ingest.simulate.publisher import Publisher
from tests.simulate.script import SOON, Script, at, listening, running, uploads

pytestmark = pytest.mark.servers

START = 1_772_323_200_000
DEVICES = [("gas_monitor", f"gm-{number}") for number in range(5)]
MINUTE = 60_000


def script(count: int) -> Script:
    """Each device speaks once a minute; all emissions in order of time."""
    emissions = [
        emission
        for _, device in DEVICES
        for emission in uploads(device, range(START, START + count * MINUTE, MINUTE))
    ]
    return Script(sorted(emissions, key=lambda emission: emission.at), DEVICES)


@pytest.mark.parametrize("layout", [Layout(), Layout(own_up_to=0, gateways=2)], ids=["own", "gw"])
async def test_each_emission_arrives_as_it_is_and_in_the_order_of_its_device(
    mosquitto: Mosquitto, layout: Layout
) -> None:
    expected = [(str(e.topic), e.payload) for e in script(40).flush()]
    publisher = Publisher(script(40), FastClock(START, 100_000), at(mosquitto), layout)

    async with listening(mosquitto, "gw/v1/+/+/up") as heard:
        tally = await publisher.run(asyncio.Event())
        await heard.until(200)

    for _, device in DEVICES:
        own = f"gw/v1/gas_monitor/{device}/up"
        assert [m for m in heard if m[0] == own] == [m for m in expected if m[0] == own]
    assert (tally.messages, tally.readings, tally.unacknowledged) == (200, 200, 0)


async def test_a_device_is_online_while_connected_and_says_goodbye(mosquitto: Mosquitto) -> None:
    publisher = Publisher(script(1), FastClock(START, 1), at(mosquitto), Layout())

    async with listening(mosquitto, "gw/v1/+/gm-0/status") as heard:
        await publisher.run(asyncio.Event())
        await heard.until(2)

    said = [json.loads(payload) for _, payload in heard]
    assert [status["online"] for status in said] == [True, False]
    assert all(status["v"] == 1 and status["device"] == "gm-0" and status["at"] for status in said)


async def test_the_last_will_speaks_for_a_device_that_vanishes(mosquitto: Mosquitto) -> None:
    waiting = Script(uploads("gm-0", [MachineClock().now() + 600_000]), DEVICES[:1])
    publisher = Publisher(waiting, MachineClock(), at(mosquitto), Layout())
    run = asyncio.create_task(publisher.run(asyncio.Event()))

    async with listening(mosquitto, "gw/v1/+/+/status") as heard:
        await heard.until(1)
        await _push_off(mosquitto, "sim-gas_monitor-gm-0")
        await heard.until(2)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

    assert json.loads(heard[1][1]) == {"v": 1, "device": "gm-0", "online": False}


async def _push_off(mosquitto: Mosquitto, client_id: str) -> None:
    """Take a client's id, upon which the broker drops its connection."""
    thief = aiomqtt.Client(
        LOOPBACK, mosquitto.port, identifier=client_id, protocol=aiomqtt.ProtocolVersion.V5
    )
    async with thief:
        await pause(SOON)


@pytest.mark.parametrize("layout", [Layout(), Layout(own_up_to=0, gateways=2)], ids=["own", "gw"])
async def test_a_command_is_answered_though_nothing_else_is_due(
    mosquitto: Mosquitto, layout: Layout
) -> None:
    waiting = Script(uploads("gm-0", [MachineClock().now() + 600_000]), DEVICES)
    publisher = Publisher(waiting, MachineClock(), at(mosquitto), layout)
    command = b'{"v":1,"device":"gm-3","id":"c-1","command":"fan_start"}'

    async with listening(mosquitto, "gw/v1/+/+/reply") as heard, running(publisher):
        await _until_connected(publisher)
        await _send(mosquitto, "gw/v1/gas_monitor/gm-3/down", command)
        await _send(mosquitto, "gw/v1/gas_monitor/another/down", command)
        await heard.until(1)

    assert [topic for topic, _ in heard] == ["gw/v1/gas_monitor/gm-3/reply"]
    assert json.loads(heard[0][1])["id"] == "c-1"
    assert [(t.channel, payload) for t, payload in waiting.obeyed] == [(Channel.DOWN, command)]
    assert (publisher.tally.commands, publisher.tally.replies) == (1, 1)


class _Prompt(Script):
    """A device that after a command says something before it would have spoken otherwise."""

    def obey(self, topic: Topic, payload: bytes, at: Instant) -> tuple[Emission, ...]:
        self.bring_forward(uploads(topic.device, [at + 1])[0])
        return super().obey(topic, payload, at)


async def test_what_a_command_brings_forward_is_said_then(mosquitto: Mosquitto) -> None:
    waiting = _Prompt(uploads("gm-0", [MachineClock().now() + 600_000]), DEVICES)
    publisher = Publisher(waiting, MachineClock(), at(mosquitto), Layout())
    command = b'{"v":1,"device":"gm-3","id":"c-1","command":"fan_start"}'

    async with (
        asyncio.timeout(30),
        listening(mosquitto, "gw/v1/gas_monitor/gm-3/#") as heard,
        running(publisher),
    ):
        await _until_connected(publisher)
        await _send(mosquitto, "gw/v1/gas_monitor/gm-3/down", command)
        while not heard.on(Channel.UP):
            await pause(SOON)


async def test_the_fan_of_a_gas_monitor_starts_on_command_and_says_so(
    mosquitto: Mosquitto,
) -> None:
    now = MachineClock().now()
    start = now - 6 * 60 * MINUTE
    plan = FleetPlan(homes=0, doors=0, gas_monitors=1, seed=1, network=STEADY)
    publisher = Publisher(Fleet(plan, start), FastClock(start, 600), at(mosquitto), Layout())
    command = {"v": 1, "device": "gm-0001", "id": "c-1", "command": "fan_start"}
    order = json.dumps(command | {"expires_at": iso_of(now + 10 * MINUTE)}).encode()

    async with listening(mosquitto, "gw/v1/gas_monitor/gm-0001/#") as heard, running(publisher):
        await _until_connected(publisher)
        await _send(mosquitto, "gw/v1/gas_monitor/gm-0001/down", order)
        while not any(_fan_runs(payload) for _, payload in heard.on(Channel.UP)):
            await pause(SOON)

    ((_, reply),) = heard.on(Channel.REPLY)
    assert json.loads(reply) == json.loads(reply) | {"id": "c-1", "result": "done"}


def _fan_runs(payload: bytes) -> bool:
    said = json.loads(payload)
    return bool(said.get("fan") and said["fan"]["running"])


async def _until_connected(publisher: Publisher) -> None:
    while publisher.connected < publisher.connections:
        await pause(SOON)


async def _send(mosquitto: Mosquitto, topic: str, payload: bytes) -> None:
    async with aiomqtt.Client(LOOPBACK, mosquitto.port) as client:
        await client.publish(topic, payload, qos=1)


async def test_a_restart_of_the_broker_loses_nothing(mosquitto: Mosquitto) -> None:
    publisher = Publisher(script(400), FastClock(START, 5_000), at(mosquitto), Layout())
    keeper = await _keeper(mosquitto)
    run = asyncio.create_task(publisher.run(asyncio.Event()))
    while publisher.tally.messages < 200:
        await pause(SOON)

    await asyncio.to_thread(mosquitto.stop)
    await pause(timedelta(milliseconds=300))
    await asyncio.to_thread(mosquitto.start)
    tally = await run

    kept = await _kept(mosquitto, keeper)
    assert kept == {(str(e.topic), e.payload) for e in script(400).flush()}
    assert tally.messages == 2_000
    assert tally.reconnects >= len(DEVICES)
    assert tally.unacknowledged == 0


async def _keeper(mosquitto: Mosquitto) -> str:
    """Leave a persistent session at the broker, which keeps all uploads; return its client id."""
    client = aiomqtt.Client(LOOPBACK, mosquitto.port, identifier="keeper", clean_session=False)
    async with client:
        await client.subscribe("gw/v1/+/+/up", qos=1)
    return "keeper"


async def _kept(mosquitto: Mosquitto, keeper: str) -> set[tuple[str, bytes]]:
    """Return what the broker kept for the session, up to a message sent now."""
    client = aiomqtt.Client(LOOPBACK, mosquitto.port, identifier=keeper, clean_session=False)
    kept: set[tuple[str, bytes]] = set()
    async with client:
        await _send(mosquitto, "gw/v1/test/last/up", b"")
        async for message in client.messages:
            if message.topic.value == "gw/v1/test/last/up":
                return kept
            assert isinstance(message.payload, bytes)
            kept.add((message.topic.value, message.payload))
    raise AssertionError("the broker ended the session")


async def test_a_broker_that_answers_slowly_makes_simulated_time_lag(mosquitto: Mosquitto) -> None:
    layout = Layout(own_up_to=0, gateways=1, in_flight=1, queue=1)
    publisher = Publisher(script(2_000), FastClock(START, 100_000), at(mosquitto), layout)

    async with running(publisher):
        while publisher.tally.messages < 1_000:
            await pause(SOON)
        behind_s = publisher.tally.behind_s
        reached = publisher.reached

    assert behind_s > 60
    assert reached < START + 2_000 * MINUTE
    assert publisher.tally.unacknowledged == 0


async def test_the_end_is_an_instant_and_flushes_what_devices_hold(mosquitto: Mosquitto) -> None:
    publisher = Publisher(script(40), FastClock(START, 1_000), at(mosquitto), Layout())

    tally = await publisher.run(asyncio.Event(), end=START + 10 * MINUTE)

    assert publisher.reached == START + 10 * MINUTE
    assert tally.messages == 200


async def test_no_broker_is_an_error_within_the_limit() -> None:
    nowhere = Broker(port=free_port(), reach_limit=timedelta(milliseconds=300))
    publisher = Publisher(script(1), FastClock(START, 1), nowhere, Layout())

    with pytest.raises(BrokerUnreachable, match=f"127.0.0.1:{nowhere.port}"):
        await publisher.run(asyncio.Event())


async def test_each_device_signs_in_with_its_own_password(tmp_path: Path) -> None:
    passwords = {device: f"secret-{device}" for _, device in DEVICES}
    with Mosquitto(tmp_path, extra=_guarded(tmp_path, passwords)) as mosquitto:
        logins = Logins(Login("gm-0", "wrong"), passwords)
        broker = Broker(port=mosquitto.port, logins=logins)
        tally = await Publisher(script(3), FastClock(START, 100_000), broker, Layout()).run(
            asyncio.Event()
        )
        wrong = Broker(
            port=mosquitto.port,
            logins=Logins(Login("gm-0", "wrong")),
            reach_limit=timedelta(milliseconds=300),
        )
        with pytest.raises(BrokerUnreachable, match=r"[Nn]ot authori[sz]ed"):
            await Publisher(script(3), FastClock(START, 1), wrong, Layout()).run(asyncio.Event())

    assert tally.messages == 15


def _guarded(folder: Path, passwords: dict[str, str]) -> tuple[str, ...]:
    """Settings of a broker that wants these passwords and lets a user speak for itself only."""
    file = folder / "passwords"
    file.write_text("".join(f"{user}:{password}\n" for user, password in passwords.items()))
    subprocess.run(["mosquitto_passwd", "-U", str(file)], check=True)
    acl = folder / "acl"
    acl.write_text("pattern write gw/v1/+/%u/#\npattern read gw/v1/+/%u/down\n")
    return ("allow_anonymous false", f"password_file {file}", f"acl_file {acl}")
