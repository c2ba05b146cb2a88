"""Those whom Alertmanager tells: web hooks below one address, and a mail server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from typing import NamedTuple

from aiohttp import web

from ingest.demo.programs import LOOPBACK, free_port

_LONGEST_LINE = 1 << 16


class Heard(NamedTuple):
    """An alert as a web hook heard it; `by` is the path of the hook."""

    by: str
    status: str
    alert: str
    severity: str
    runbook: str


class Mail(NamedTuple):
    """A mail as people read it."""

    subject: str
    text: str


class Listener:
    """Keeps what comes, in order."""

    def __init__(self) -> None:
        self._port = free_port()
        self.mail_port = free_port()
        self.hooks = f"http://{LOOPBACK}:{self._port}/"
        self.heard: list[Heard] = []
        self.mail: list[Mail] = []

    def by(self, status: str, alert: str) -> set[str]:
        """Return who heard this of the alert."""
        return {each.by for each in self.heard if (each.status, each.alert) == (status, alert)}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_post("/{by:.*}", self._hear)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, self._port).start()
            async with await asyncio.start_server(
                self._take_mail, LOOPBACK, self.mail_port, limit=_LONGEST_LINE
            ):
                yield
        finally:
            await runner.cleanup()

    async def _hear(self, request: web.Request) -> web.Response:
        for alert in (await request.json())["alerts"]:
            labels, runbook = alert["labels"], alert["annotations"].get("runbook_url", "")
            self.heard.append(
                Heard(
                    request.match_info["by"],
                    alert["status"],
                    labels["alertname"],
                    labels["severity"],
                    runbook,
                )
            )
        return web.Response()

    async def _take_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much SMTP as it takes to be given one mail after the other."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            command = line[:4].upper().strip()
            if command == b"DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                mail = message_from_bytes(text[:-3], policy=policy.default)
                body = mail.get_body(("plain",))
                assert body is not None
                self.mail.append(Mail(mail["Subject"], body.get_content()))
            writer.write(b"221 bye\r\n" if command == b"QUIT" else b"250 yes\r\n")
            if command == b"QUIT":
                break
        writer.close()
