"""A proxy between a sink and its database that fails on command."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Self

import aiohttp
from aiohttp import web

from ingest.clock import pause
from ingest.demo.programs import LOOPBACK, free_port

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LARGEST_BODY = 64 * 1024 * 1024


class FaultyProxy:
    """Forwards to the target, until told otherwise; lives in the event loop of the test.

    `requests` counts what came in, whatever became of it.
    """

    def __init__(self, target_url: str) -> None:
        self.url = f"http://{LOOPBACK}:{free_port()}"
        self.requests = 0
        self._target_url = target_url
        self._behaviour: Behaviour = self._forwarded
        self._let_go = asyncio.Event()

    def forward(self) -> None:
        """Pass requests on to the target, and its answers back."""
        self._behave(self._forwarded)

    def answer(self, status: int, *, retry_after: str | None = None, body: str = "") -> None:
        """Answer by itself; the target hears nothing."""
        headers = {"Retry-After": retry_after} if retry_after else {}

        async def answered(_: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers, text=body)

        self._behave(answered)

    def slow(self, delay: timedelta) -> None:
        """Pass a request on only after a while."""

        async def slowed(request: web.Request) -> web.StreamResponse:
            await request.read()
            await pause(delay)
            return await self._forwarded(request)

        self._behave(slowed)

    def hang(self) -> None:
        """Take requests and never answer."""
        let_go = self._let_go = asyncio.Event()

        async def hung(_: web.Request) -> web.StreamResponse:
            await let_go.wait()
            return web.Response(status=503)

        self._behaviour = hung

    def cut(self) -> None:
        """Let the target do its work, then cut the connection in the middle of its answer."""

        async def cut_short(request: web.Request) -> web.StreamResponse:
            await self._forwarded(request)
            assert request.transport
            request.transport.write(b"HTTP/1.1 20")
            request.transport.close()
            return web.Response()

        self._behave(cut_short)

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(auto_decompress=False)
        application = web.Application(client_max_size=_LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=0.1, auto_decompress=False
        )
        await self._runner.setup()
        port = int(self.url.rsplit(":", 1)[1])
        await web.TCPSite(self._runner, LOOPBACK, port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._let_go.set()
        await self._runner.cleanup()
        await self._client.close()

    def _behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._let_go.set()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        return await self._behaviour(request)

    async def _forwarded(self, request: web.Request) -> web.StreamResponse:
        kept = ("Authorization", "Content-Encoding", "Content-Type")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        url = f"{self._target_url}{request.raw_path}"
        data = await request.read()
        try:
            async with self._client.request(
                request.method, url, headers=headers, data=data
            ) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        except aiohttp.ClientError:
            return web.Response(status=502)
