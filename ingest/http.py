"""The HTTP endpoint: metrics for Prometheus, health for whoever restarts the service."""

import logging
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ingest.health import Health
from ingest.mqtt.session import Session
from ingest.settings import HttpSettings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers `/metrics`, `/healthz` (200 or 503) and `/readyz` (200 or 503)."""

    registry: CollectorRegistry
    health: Health
    session: Session

    async def start(self, settings: HttpSettings) -> web.AppRunner:
        """Listen, and return the runner whose `cleanup` ends it; OSError if the port is taken."""
        application = web.Application()
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz", self._healthz)
        application.router.add_get("/readyz", self._readyz)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
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
