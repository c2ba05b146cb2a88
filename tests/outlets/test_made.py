"""Which outlets the settings switch on, and with which secret they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from ingest.clock import MachineClock
from ingest.configuration import SettingsError
from ingest.demo.programs import LOOPBACK, free_port
from ingest.health import Health
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.outlets.made import couriers_of
from ingest.outlets.outlet import Beside, Courier
from ingest.settings import AlertmanagerSettings, OutletSettings, Settings
from tests.alerts.gas import WARNING
from tests.journal.readings import opened
from tests.outlets.broker import Broker
from tests.outlets.hook import until
from tests.outlets.incident import incident, title

ALERTMANAGERS = AlertmanagerSettings(urls=("http://127.0.0.1:1", "https://am.example/two/"))


def made(journal: Journal, alertmanager: AlertmanagerSettings | None) -> list[Courier]:
    settings = Settings(outlet=OutletSettings(alertmanager=alertmanager, mqtt=False))
    return couriers_of(settings, Beside(journal, MachineClock(), title), Broker())


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (None, []),
        (ALERTMANAGERS, ["alertmanager:127.0.0.1:1", "alertmanager:am.example/two"]),
    ],
)
async def test_each_setting_switches_on_its_outlets(
    tmp_path: Path, settings: AlertmanagerSettings | None, names: list[str]
) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        couriers = made(journal, settings)
        for courier in couriers:
            await courier.outlet.close()

    assert [courier.outlet.name for courier in couriers] == names
    assert [courier.part for courier in couriers] == [f"outlet:{name}" for name in names]


@pytest.mark.parametrize("key", ["token_file", "password_file", "ca_file"])
async def test_a_file_that_is_missing_is_named_by_its_key(tmp_path: Path, key: str) -> None:
    settings = AlertmanagerSettings.model_validate({key: tmp_path / "missing"})
    async with opened(tmp_path / "journal.db") as journal:
        with pytest.raises(SettingsError, match=f"outlet.alertmanager.{key}"):
            made(journal, settings)


@asynccontextmanager
async def asking_who(seen: list[str | None], status: int) -> AsyncIterator[str]:
    """A server that keeps who came; give its address."""

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=status, text="no\x1b[31m")

    application = web.Application()
    application.router.add_post("/api/v2/alerts", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("settings", "who"),
    [
        ({}, None),
        ({"token": "sesame"}, "Bearer sesame"),
        ({"username": "grid", "password": "sesame"}, "Basic Z3JpZDpzZXNhbWU="),
    ],
)
@pytest.mark.parametrize(
    ("status", "trouble"),
    [(200, None), (401, "status 401: no [31m"), (400, "status 400: no [31m"), (302, "status 302")],
)
async def test_it_comes_with_its_secret_and_says_what_is_wrong(
    tmp_path: Path, settings: dict[str, str], who: str | None, status: int, trouble: str | None
) -> None:
    seen: list[str | None] = []
    health = Health()
    async with incident(tmp_path / "journal.db") as here, asking_who(seen, status) as url:
        await here.measures((0, WARNING), (10, WARNING))
        wanted = AlertmanagerSettings.model_validate({"urls": (url,), **settings})
        (courier,) = made(here.room.journal, wanted)
        async with running(courier, health):
            await until(lambda: bool(seen) and (trouble is None) is (health.troubles == {}))
        await courier.outlet.close()

    assert set(seen) == {who}
    assert health.troubles.get(courier.part, "").startswith(trouble or "")


@asynccontextmanager
async def running(courier: Courier, health: Health) -> AsyncIterator[None]:
    task = asyncio.create_task(courier.run(Metrics(), health))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
