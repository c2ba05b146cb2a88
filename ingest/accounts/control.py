"""Control: the conversation with Mosquitto's dynamic-security plugin, over MQTT.

Each request is a list of commands and has one answer, which only the asker hears. The plugin writes
its whole file after each command: the cost of an account grows with the number of accounts.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from ingest.accounts.roles import Json

_TOPIC = "$CONTROL/dynamic-security/v1"
_ANSWERS = f"{_TOPIC}/response"
_REFUSED = 128
"""Reason codes from here on are failures (MQTT 5, 2.4)."""


class AccountsUnavailable(Exception):  # noqa: N818 named after what the caller does: say so and end
    """The broker can't be asked about accounts; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Where the broker is, and who asks it."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    username: str
    password: str = field(repr=False)
    limit: timedelta = timedelta(seconds=60)
    """Time limit to connect, and of each request."""


class Control:
    """A connection of the administrator."""

    def __init__(self, client: aiomqtt.Client, limit: timedelta) -> None:
        self._client = client
        self._limit_s = limit.total_seconds()

    async def ask(self, commands: Sequence[Json]) -> list[Json]:
        """Return the answer to each command: it has `error` if it was refused, else maybe `data`.

        Raises AccountsUnavailable if there is no answer in time, or none that can be read.
        """
        numbered = [{**each, "correlationData": str(n)} for n, each in enumerate(commands)]
        request = json.dumps({"commands": numbered})
        try:
            async with asyncio.timeout(self._limit_s):
                await self._client.publish(_TOPIC, request, qos=1)
                message = await anext(aiter(self._client.messages))
        except TimeoutError:
            raise AccountsUnavailable(
                f"no answer in {self._limit_s:g} s: has the broker the dynamic-security plugin?"
            ) from None
        except aiomqtt.MqttError as error:
            raise AccountsUnavailable(f"the connection was lost: {error}") from None
        return _answers(message.payload, len(commands))


@asynccontextmanager
async def controlling(who: Administrator) -> AsyncIterator[Control]:
    """Give a connection that hears answers; AccountsUnavailable if there can't be one."""
    where = f"{who.host}:{who.port}"
    client = aiomqtt.Client(
        who.host,
        who.port,
        identifier=f"{who.username}-{token_hex(4)}",
        username=who.username,
        password=who.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=who.limit.total_seconds(),
        tls_context=who.tls,
    )
    try:
        await client.__aenter__()
    except (aiomqtt.MqttError, OSError) as error:
        raise AccountsUnavailable(f"{where}: {error}") from None
    try:
        if not await _hears(client):
            raise AccountsUnavailable(f"{where}: {who.username} may not manage accounts")
        yield Control(client, who.limit)
    finally:
        await _leave(client)


async def _hears(client: aiomqtt.Client) -> bool:
    """Subscribe to the answers; a broker says by MQTT 5 whether it grants that."""
    try:
        granted = await client.subscribe(_ANSWERS, qos=1)
    except aiomqtt.MqttError as error:
        raise AccountsUnavailable(f"the connection was lost: {error}") from None
    codes = [code.value if isinstance(code, ReasonCode) else code for code in granted]
    return all(code < _REFUSED for code in codes)


async def _leave(client: aiomqtt.Client) -> None:
    try:
        await client.__aexit__(None, None, None)
    except aiomqtt.MqttError:
        return


def _answers(payload: object, expected: int) -> list[Json]:
    """Return the answers in the order of their commands."""
    try:
        answers = json.loads(payload if isinstance(payload, bytes) else b"")["responses"]
        by_number = {int(each["correlationData"]): each for each in answers}
        return [by_number[number] for number in range(expected)]
    except (ValueError, KeyError, TypeError):
        raise AccountsUnavailable("an answer that is not of the dynamic-security plugin") from None
