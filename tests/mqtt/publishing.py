"""Publishing by the broker's own tool."""

import asyncio
import json
from collections.abc import Iterable
from subprocess import PIPE

from devices.instant import iso_of
from ingest.clock import MachineClock
from ingest.demo.programs import LOOPBACK
from tests.mqtt.sessions import TOPIC

_MINUTE = 60_000


def reading(number: int) -> str:
    """Return the payload of a reading that counts as recent, one a minute."""
    at = MachineClock().now() // _MINUTE * _MINUTE - (number + 1) * _MINUTE
    fields = {"v": 1, "type": "telemetry", "device": "wm-1", "measured_at": iso_of(at)}
    return json.dumps({**fields, "cumulative_m3": 1 + number / 8})


async def publish_lines(
    port: int, payloads: Iterable[str], *options: str, topic: str = TOPIC, qos: int = 1
) -> None:
    """Publish each payload and return when the broker has them."""
    await run_tool(
        "mosquitto_pub", "-h", LOOPBACK, "-p", str(port), "-q", str(qos), "-t", topic, "-l",
        *options, text="\n".join(payloads) + "\n",
    )  # fmt: skip


async def publish_retained(port: int, payload: str, topic: str = TOPIC) -> None:
    """Leave a retained message at the broker."""
    await run_tool(
        "mosquitto_pub", "-h", LOOPBACK, "-p", str(port), "-q", "1", "-t", topic, "-r",
        "-m", payload,
    )  # fmt: skip


async def run_tool(*command: str, text: str = "") -> None:
    """Run a program with this input and return when it has done its work."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    _, said = await process.communicate(text.encode())
    assert process.returncode == 0, said
