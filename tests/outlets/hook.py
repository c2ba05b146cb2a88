"""A web hook that keeps what an Alertmanager notifies it of, and what it holds itself."""

import asyncio
import http.client
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple

from aiohttp import web

from devices.instant import Instant
from ingest.clock import MachineClock, pause
from ingest.demo.programs import LOOPBACK, Alertmanager, free_port

_POLL = timedelta(milliseconds=50)
_LIMIT_S = 30.0


class Notice(NamedTuple):
    """What was told of one alert: firing or resolved, by our identity, heard when."""

    status: str
    severity: str
    alert: str
    at: Instant


class Hook:
    """Keeps status and severity of each notification, in order; `notices` tell more of it.

    `forgotten` are spans after which Alertmanager does not know what it told in them.
    """

    def __init__(self) -> None:
        self.url = f"http://{LOOPBACK}:{free_port()}/"
        self.heard: list[tuple[str, str]] = []
        self.notices: list[Notice] = []
        self.forgotten: list[tuple[Instant, Instant]] = []

    async def _hear(self, request: web.Request) -> web.Response:
        for alert in (await request.json())["alerts"]:
            status, severity = alert["status"], alert["labels"]["severity"]
            self.heard.append((status, severity))
            identity = alert["annotations"].get("alert", "")
            self.notices.append(Notice(status, severity, identity, MachineClock().now()))
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/", self._hear)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, int(self.url.rsplit(":")[-1].strip("/"))).start()
            yield
        finally:
            await runner.cleanup()


def held(server: Alertmanager) -> list[tuple[str, str]]:
    """Return subject and severity of what fires there."""
    alerts = json.loads(_get(server, "/api/v2/alerts"))
    return sorted((each["labels"]["subject"], each["labels"]["severity"]) for each in alerts)


def notified(server: Alertmanager) -> int:
    """Return how many notifications the web hook has answered, since the server started."""
    count = 'alertmanager_notification_latency_seconds_count{integration="webhook"} '
    (line,) = (line for line in _get(server, "/metrics").splitlines() if line.startswith(count))
    return int(line.removeprefix(count))


def _get(server: Alertmanager, path: str) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def amtool(server: Alertmanager, *arguments: str) -> list[str]:
    """Return the names of alerts that `amtool alert query` prints."""
    command = ["amtool", "alert", "query", f"--alertmanager.url={server.url}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LIMIT_S)
    return [line.split()[0] for line in run.stdout.splitlines()[1:]]


async def until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; TimeoutError after 30 s."""
    async with asyncio.timeout(_LIMIT_S):
        while not condition():
            await pause(_POLL)
