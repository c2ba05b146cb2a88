"""What each account may say and hear at a real broker of the shipped configuration."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import mqtt5
import pytest

from ingest.accounts.control import controlling
from ingest.accounts.roles import ADMIN, SERVICE, SIMULATOR, Role, role_json
from tests.accounts.secured import SecuredMosquitto, granted, heard

pytestmark = pytest.mark.servers

CONTROL = "$CONTROL/dynamic-security/v1"
CHANNELS = ("up", "reply", "status", "down")
TOPICS = [f"gw/v1/water_meter/{who}/{what}" for who in ("wm-1", "wm-2") for what in CHANNELS]
ALERT = "gw/v1/alerts/firing"
AS_ALERTS = [f"gw/v1/alerts/wm-1/{what}" for what in CHANNELS]
"""A kind of that name would be a way for a device to speak where alerts are told."""
CLOSED = ["#", "gw/#", "gw/v1/#", "gw/v1/+/+/+", "$SYS/#", "$SYS/broker/uptime", f"{CONTROL}/#"]
ANYTHING = ["gw/v1/alerts/#", *(f"gw/v1/+/+/{what}" for what in CHANNELS), *TOPICS, *CLOSED]
SHARED = ["$share/x/gw/v1/+/+/down", "$share/x/gw/v1/+/wm-2/down", "$share/x/#"]
MAY_HEAR = {
    "wm-1": ["gw/v1/water_meter/wm-1/down"],
    SERVICE: [topic for topic in ANYTHING if topic.endswith(("/up", "/reply", "/status"))],
    SIMULATOR: [topic for topic in ANYTHING if topic.endswith("/down")],
    ADMIN: ["$SYS/#", "$SYS/broker/uptime", f"{CONTROL}/#"],
}
MAY_SAY = {
    "wm-1": TOPICS[:3],
    SERVICE: ["gw/v1/water_meter/wm-1/down", "gw/v1/water_meter/wm-2/down", ALERT, *AS_ALERTS],
    SIMULATOR: [topic for topic in TOPICS if not topic.endswith("/down")],
    ADMIN: [],
}


@pytest.mark.parametrize("who", MAY_HEAR)
async def test_each_account_may_subscribe_to_what_is_its_own(
    broker: SecuredMosquitto, who: str
) -> None:
    async with broker.client(who) as client:
        assert await granted(client, [*ANYTHING, *SHARED]) == MAY_HEAR[who]


@pytest.mark.parametrize("who", MAY_SAY)
async def test_each_account_is_heard_only_where_it_may_speak(
    broker: SecuredMosquitto, who: str
) -> None:
    async with ear(broker) as listener:
        async with broker.client(who) as speaker:
            for topic in [*TOPICS, ALERT, *AS_ALERTS, "gw/v1/x", "x", "$SYS/x"]:
                await speaker.publish(topic, who, qos=1)
        async with broker.client(SIMULATOR) as last:
            await last.publish(TOPICS[0], "end", qos=1)

        assert [topic for topic, _ in await heard(listener)] == MAY_SAY[who]


async def test_nothing_for_others_reaches_a_device_that_asked_for_everything(
    broker: SecuredMosquitto,
) -> None:
    async with broker.client("wm-1") as device, broker.client(SERVICE) as service:
        await granted(device, [*ANYTHING, *SHARED])
        await service.publish("gw/v1/water_meter/wm-2/down", "for another", qos=1)
        await service.publish(ALERT, "an alert", qos=1)
        await service.publish("gw/v1/alerts/wm-1/down", "an alert", qos=1)
        await service.publish("gw/v1/water_meter/wm-1/down", "its own", qos=1)
        await service.publish("gw/v1/water_meter/wm-1/down", "end", qos=1)

        assert await heard(device) == [("gw/v1/water_meter/wm-1/down", "its own")]


async def test_the_last_will_of_a_device_for_another_is_not_heard(
    broker: SecuredMosquitto,
) -> None:
    """The broker takes it with the connection, and asks whether it may be said when it is due."""
    wills = ["gw/v1/water_meter/wm-2/status", "gw/v1/water_meter/wm-1/status"]
    async with ear(broker) as listener:
        for topic in wills:
            connect = mqtt5.ConnectPacket(
                "wm-1",
                username="wm-1",
                password=broker.password("wm-1").encode(),
                clean_start=True,
                will=mqtt5.Will(topic, payload=b"will", qos=mqtt5.QoS.AT_LEAST_ONCE),
            )
            assert broker.answer_to(connect.write(), broker.papers.trust())[0] == 0x20
        heard_first = await anext(aiter(listener.messages))

    assert heard_first.topic.value == wills[1]


@pytest.mark.parametrize("taken", [SERVICE, "wm-2", "other"])
async def test_a_device_cannot_take_over_the_session_of_another(
    broker: SecuredMosquitto, taken: str
) -> None:
    """Who connects by a client id owns what waits under it, and may throw it away."""
    with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
        async with broker.client("wm-1", identifier=taken):
            pass


@pytest.mark.parametrize("who", ["wm-1", SERVICE, SIMULATOR])
async def test_only_the_administrator_can_manage_accounts(
    broker: SecuredMosquitto, who: str
) -> None:
    command = {"command": "createClient", "username": "intruder", "password": "intruder"}
    async with broker.client(who) as client:
        await client.publish(CONTROL, json.dumps({"commands": [command]}), qos=1)

    with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
        async with broker.client("intruder", password="intruder"):
            pass


@asynccontextmanager
async def ear(broker: SecuredMosquitto) -> AsyncIterator[aiomqtt.Client]:
    """A client of an account that hears everything, and exists in tests alone."""
    role = {"command": "createRole", **role_json(Role("ear", [], ["#", "$SYS/x"]))}
    account = {"command": "createClient", "username": "ear", "password": "ear"}
    async with controlling(broker.administrator()) as control:
        await control.ask([role, {**account, "roles": [{"rolename": "ear"}]}])
    async with broker.client("ear", password="ear") as client:
        assert await granted(client, ["#", "$SYS/x"]) == ["#", "$SYS/x"]
        yield client
