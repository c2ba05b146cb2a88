"""Publishers that are no part of the project: like devices, they send again until acknowledged."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from itertools import islice
from random import Random

import aiomqtt

from ingest.clock import pause
from ingest.demo.programs import LOOPBACK, find_program
from tests.proof.ledger import LAST, TOOL, Ledger
from tests.proof.message import Message

_WINDOW = 8
"""Messages a client may have unacknowledged."""
_AGAIN = timedelta(milliseconds=100)
_ANSWER_LIMIT_S = 5.0


class Publisher:
    """One client, and all that the ledger has for it.

    After a lost connection the same client comes again, and what was not acknowledged goes first
    and in its order: of two uploads of one instant the service hears the first one first.
    """

    def __init__(self, client: str, port: int, ledger: Ledger) -> None:
        self._client = client
        self._port = port
        self._ledger = ledger
        self._pending = ledger.pending(client)

    async def run(self, breath: timedelta, random: Random) -> None:
        """Publish until all is acknowledged, and take a breath, on average, between windows."""
        while self._pending:
            try:
                await self._connected(breath, random)
            except* aiomqtt.MqttError:
                await pause(_AGAIN)

    async def _connected(self, breath: timedelta, random: Random) -> None:
        async with aiomqtt.Client(
            LOOPBACK,
            self._port,
            identifier=self._client,
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=_ANSWER_LIMIT_S,
        ) as connection:
            while self._pending:
                async with asyncio.TaskGroup() as window:
                    for place in list(islice(self._pending, _WINDOW)):
                        window.create_task(self._publish(connection, place))
                await pause(breath * random.uniform(0, 2))

    async def _publish(self, connection: aiomqtt.Client, place: int) -> None:
        message = self._pending[place]
        await connection.publish(message.topic, message.payload, qos=1)
        del self._pending[place]
        self._ledger.acknowledge(self._client, place)


async def publish_by_tool(port: int, ledger: Ledger) -> None:
    """Publish one message after the other by `mosquitto_pub`; it ends well when acknowledged."""
    for place, message in ledger.pending(TOOL).items():
        while not await _taken(port, message):
            await pause(_AGAIN)
        ledger.acknowledge(TOOL, place)


def publishing(
    port: int, ledger: Ledger, breath: timedelta, seed: str
) -> list[Coroutine[None, None, None]]:
    """Return a run of each client of the ledger but the last."""
    return [
        publish_by_tool(port, ledger)
        if client == TOOL
        else Publisher(client, port, ledger).run(breath, Random(f"{seed} {client}"))
        for client in ledger.plans
        if client != LAST
    ]


async def _taken(port: int, message: Message) -> bool:
    """Return whether the broker acknowledged it; the exit code says so."""
    options = ("-h", LOOPBACK, "-p", str(port), "-q", "1", "-V", "mqttv5", "-s")
    tool = await asyncio.create_subprocess_exec(
        find_program("mosquitto_pub", "mosquitto-clients"),
        *(*options, "-t", message.topic),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_ANSWER_LIMIT_S):
            await tool.communicate(message.payload)
    except TimeoutError:
        tool.kill()
        await tool.wait()
    return tool.returncode == 0
