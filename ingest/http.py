"""The HTTP endpoint: metrics for Prometheus, health for whoever restarts the service."""

import hmac
import logging
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ingest.configuration import secret_of
from ingest.health import Health
from ingest.settings import HttpSettings
from ingest.tls import Identity, serving

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOG = logging.getLogger(__name__)
_OPEN = ("/healthz", "/readyz")
_GOODBYE_SECONDS = 1.0
"""How long an answer under way may take at the end; aiohttp's own limit is a minute."""


class PortTaken(Exception):  # noqa: N818 named after what the caller does: name another, or wait
    """The endpoint can't listen; the text names the keys and the reason."""


class Link(Protocol):
    """The way to the broker: what the endpoint has to know of the session."""

    @property
    def connected(self) -> bool:
        """Whether it is connected and subscribed."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Who is answered: whoever knows the token, if there is one; and by TLS, if there is that."""

    token: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None

    def admits(self, request: web.Request) -> bool:
        """Return whether the request has the token; the time that takes tells nothing of it."""
        if self.token is None:
            return True
        given = request.headers.get("Authorization", "").encode(errors="replace")
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())


def guard_of(settings: HttpSettings) -> Guard:
    """Return the guard; SettingsError, which names the key, if a file can't be used."""
    token = secret_of(settings.token, settings.token_file, "http.token")
    if settings.cert_file and settings.key_file:
        identity = Identity(settings.cert_file, settings.key_file)
        return Guard(token, serving(identity, "http.cert_file, http.key_file"))
    return Guard(token)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers GET and HEAD of `/metrics`, `/healthz` (200 or 503) and `/readyz` (200 or 503)."""

    registry: CollectorRegistry
    health: Health
    session: Link
    guard: Guard = field(default_factory=Guard)

    async def start(self, settings: HttpSettings) -> web.AppRunner:
        """Listen, and return the runner whose `cleanup` ends it; PortTaken if it can't listen.

        Without the token there is 401 for metrics, and health says only how it is, not why.
        """
        application = web.Application(middlewares=[self._admit])
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE_SECONDS
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, ssl_context=self.guard.tls)
            await site.start()
        except OSError as error:
            await runner.cleanup()
            where = f"{settings.host}:{settings.port}"
            raise PortTaken(
                f"http.host, http.port: can't listen on {where}: {_why(error)}"
            ) from None
        host, port = runner.addresses[0][:2]
        _LOG.info(
            "metrics and health at %s://%s:%s", "https" if self.guard.tls else "http", host, port
        )
        return runner

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token wherever it is not said that there is no need: health has a status."""
        if request.path in _OPEN or self.guard.admits(request):
            return await handler(request)
        return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})

    async def _healthz(self, request: web.Request) -> web.Response:
        return self._answer(request, good=self.health.healthy)

    async def _readyz(self, request: web.Request) -> web.Response:
        return self._answer(request, good=self.health.healthy and self.session.connected)

    def _answer(self, request: web.Request, *, good: bool) -> web.Response:
        status, word = (200, "ok") if good else (503, "unhealthy")
        if not self.guard.admits(request):
            return web.json_response({"status": word}, status=status)
        troubles = self.health.troubles
        if not self.session.connected:
            troubles["mqtt"] = "not connected"
        return web.json_response({"status": word, "troubles": troubles}, status=status)


def _why(error: OSError) -> str:
    """Return the system's word for it; the event loop adds the address a second time."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror)
