"""What the HTTP endpoint answers, to whom, and that nobody can keep it busy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from ingest.accounts.papers import authority, server_certificate
from ingest.health import Health
from ingest.http import Endpoint, Guard, PortTaken, guard_of
from ingest.metrics import Metrics
from ingest.settings import HttpSettings
from ingest.tls import trusting


@dataclass
class Link:
    connected: bool = True


@dataclass
class Stage:
    """A running endpoint and what it looks at."""

    link: Link = field(default_factory=Link)
    health: Health = field(default_factory=Health)
    port: int = 0
    registry: CollectorRegistry = field(default_factory=lambda: Metrics().registry)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    endpoint = Endpoint(stage.registry, stage.health, stage.link)
    runner = await endpoint.start(HttpSettings(port=0))
    stage.port = runner.addresses[0][1]
    yield stage
    await runner.cleanup()


@pytest.mark.parametrize(
    ("link", "troubles", "healthz", "readyz"),
    [
        (Link(), {}, 200, 200),
        (Link(connected=False), {}, 200, 503),
        (Link(), {"sink:influx": "status 503"}, 200, 200),
        (Link(), {"journal": "disk full"}, 503, 503),
        (Link(connected=False), {"journal": "disk full"}, 503, 503),
    ],
)
async def test_health_is_the_journal_and_readiness_the_broker_as_well(
    stage: Stage, link: Link, troubles: dict[str, str], healthz: int, readyz: int
) -> None:
    stage.link.connected = link.connected
    told = troubles | ({} if link.connected else {"mqtt": "not connected"})
    for part, why in troubles.items():
        stage.health.trouble(part, why)

    for path, status in (("healthz", healthz), ("readyz", readyz)):
        assert await _get(stage, path) == (
            status,
            {"status": "ok" if status == 200 else "unhealthy", "troubles": told},
        )


async def test_what_works_again_is_healthy_again(stage: Stage) -> None:
    stage.health.trouble("journal", "disk full")
    stage.health.recovered("journal")

    assert await _get(stage, "healthz") == (200, {"status": "ok", "troubles": {}})


async def test_metrics_are_in_the_text_format_of_prometheus(stage: Stage) -> None:
    async with aiohttp.request("GET", f"{stage.url}/metrics") as answer:
        text = await answer.text()

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert "gridwatch_commit_seconds" in names


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "metrics", 200),
        ("HEAD", "healthz", 200),
        ("GET", "", 404),
        ("GET", "metrics/", 404),
        ("GET", "healthz/../etc/passwd", 404),
        ("POST", "metrics", 405),
        ("PUT", "healthz", 405),
        ("DELETE", "readyz", 405),
    ],
)
async def test_there_is_nothing_else(stage: Stage, method: str, path: str, status: int) -> None:
    async with aiohttp.request(method, f"{stage.url}/{path}") as answer:
        body = await answer.read()

    assert answer.status == status
    assert method != "HEAD" or body == b""


async def test_a_client_that_dawdles_keeps_nobody_waiting(stage: Stage) -> None:
    _, slow = await asyncio.open_connection("127.0.0.1", stage.port)
    slow.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
    await slow.drain()

    async with asyncio.timeout(5):
        status, _ = await _get(stage, "healthz")

    assert status == 200
    slow.close()
    await slow.wait_closed()


async def test_a_client_that_never_reads_does_not_keep_the_service_from_ending() -> None:
    link, health = Link(), Health()
    runner = await Endpoint(Metrics().registry, health, link).start(HttpSettings(port=0))
    _, slow = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
    slow.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    await slow.drain()

    async with asyncio.timeout(5):
        await runner.cleanup()

    slow.close()


async def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    runner = await Endpoint(Metrics().registry, Health(), Link()).start(
        HttpSettings().model_copy(update={"port": 0})
    )

    assert [address[0] for address in runner.addresses] == ["127.0.0.1"]
    await runner.cleanup()


async def test_a_taken_port_is_named_with_its_keys(stage: Stage) -> None:
    another = Endpoint(Metrics().registry, Health(), Link())

    with pytest.raises(PortTaken, match=rf"http\.port: can't listen on 127.0.0.1:{stage.port}"):
        await another.start(HttpSettings(port=stage.port))


async def _get(stage: Stage, path: str) -> tuple[int, object]:
    async with aiohttp.request("GET", f"{stage.url}/{path}") as answer:
        return answer.status, await answer.json()


TOKEN = "a token of the tests"
GUARDED = Guard(TOKEN)


async def test_without_the_token_health_says_how_it_is_and_nothing_else_is_said() -> None:
    health = Health()
    health.trouble("sink:influx", "status 503")
    async with _guarded(GUARDED, health) as url:
        for path, status, body in (
            ("healthz", 200, b'{"status": "ok"}'),
            ("readyz", 200, b'{"status": "ok"}'),
            ("metrics", 401, b""),
            ("no-such", 401, b""),
        ):
            for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": TOKEN}):
                async with aiohttp.request("GET", f"{url}/{path}", headers=headers) as answer:
                    assert (answer.status, await answer.read()) == (status, body)


async def test_with_the_token_everything_is_said() -> None:
    health = Health()
    health.trouble("sink:influx", "status 503")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with _guarded(GUARDED, health) as url:
        async with aiohttp.request("GET", f"{url}/metrics", headers=headers) as answer:
            assert answer.status == 200
        async with aiohttp.request("GET", f"{url}/healthz", headers=headers) as answer:
            assert (await answer.json())["troubles"] == {"sink:influx": "status 503"}


async def test_by_tls_it_is_not_spoken_to_in_the_clear(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    certificate, key = server_certificate(ours, "http", ["127.0.0.1"])
    guard = guard_of(HttpSettings(cert_file=certificate, key_file=key))
    async with _guarded(guard, Health(), "https") as url:
        trust = trusting(ours.certificate, "ca")
        async with aiohttp.request("GET", f"{url}/healthz", ssl=trust) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            async with aiohttp.request("GET", url.replace("https", "http") + "/healthz"):
                pass


@asynccontextmanager
async def _guarded(guard: Guard, health: Health, scheme: str = "http") -> AsyncIterator[str]:
    endpoint = Endpoint(Metrics().registry, health, Link(), guard)
    runner = await endpoint.start(HttpSettings(port=0))
    yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()
