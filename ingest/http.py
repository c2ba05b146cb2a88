"""The HTTP endpoint: metrics for Prometheus, health for whoever restarts the service."""

import logging
import os
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ingest.health import Health
from ingest.settings import HttpSettings

_LOG = logging.getLogger(__name__)
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
class Endpoint:
    """Answers GET and HEAD of `/metrics`, `/healthz` (200 or 503) and `/readyz` (200 or 503)."""

    registry: CollectorRegistry
    health: Health
    session: Link

    async def start(self, settings: HttpSettings) -> web.AppRunner:
        """Listen, and return the runner whose `cleanup` ends it; PortTaken if it can't listen."""
        application = web.Application()
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=_GOODBYE_SECONDS
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            await runner.cleanup()
            where = f"{settings.host}:{settings.port}"
            raise PortTaken(
                f"http.host, http.port: can't listen on {where}: {_why(error)}"
            ) from None
        host, port = runner.addresses[0][:2]
        _LOG.info("metrics and health at http://%s:%s", host, port)
        return runner

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        return self._answer(good=self.health.healthy)

    async def _readyz(self, _: web.Request) -> web.Response:
        return self._answer(good=self.health.healthy and self.session.connected)

    def _answer(self, *, good: bool) -> web.Response:
        troubles = self.health.troubles
        if not self.session.connected:
            troubles["mqtt"] = "not connected"
        body = {"status": "ok" if good else "unhealthy", "troubles": troubles}
        return web.json_response(body, status=200 if good else 503)


def _why(error: OSError) -> str:
    """Return the system's word for it; the event loop adds the address a second time."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror)
