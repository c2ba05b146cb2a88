"""A real Alertmanager that speaks TLS alone: who is trusted is told, and nobody else."""

import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from ingest.accounts.papers import authority, server_certificate
from ingest.demo.programs import LOOPBACK, Alertmanager
from ingest.health import Health
from ingest.settings import AlertmanagerSettings
from ingest.tls import Identity, trusting
from tests.alerts.gas import RULE, WARNING
from tests.outlets.hook import until
from tests.outlets.incident import incident
from tests.outlets.test_made import made, running

pytestmark = pytest.mark.servers


class GuardedAlertmanager(Alertmanager):
    """Alertmanager with a certificate for a name, or for its address."""

    def __init__(self, folder: Path, name: str = LOOPBACK) -> None:
        super().__init__(folder)
        self.ours = authority(folder / "papers")
        self._shown: Identity = server_certificate(self.ours, "alertmanager", [name])

    @property
    def url(self) -> str:
        return f"https://{LOOPBACK}:{self.port}"

    def arguments(self) -> Sequence[str]:
        web = self.folder / "web.yml"
        files = f"cert_file: {self._shown.certificate}, key_file: {self._shown.key}"
        web.write_text(f"tls_server_config: {{{files}}}\n", encoding="utf-8")
        return (*super().arguments(), f"--web.config.file={web}")

    def answers(self) -> bool:
        return self.get("/-/ready") == b"OK"

    def get(self, path: str) -> bytes:
        """What it says, whatever name its certificate is for; nothing before it has begun."""
        context = trusting(self.ours.certificate, "ca")
        context.check_hostname = False
        try:
            with urlopen(f"{self.url}{path}", timeout=5, context=context) as answer:  # noqa: S310 ours
                return bytes(answer.read())
        except URLError as error:
            if isinstance(error.reason, ssl.SSLError):
                raise
            return b""

    def names(self) -> list[str]:
        """The alerts that it holds."""
        return [each["labels"]["alertname"] for each in json.loads(self.get("/api/v2/alerts"))]


@asynccontextmanager
async def telling(
    path: Path, server: GuardedAlertmanager, ca_file: Path | None
) -> AsyncIterator[Health]:
    """An incident that this Alertmanager is to be told of meanwhile."""
    health = Health()
    async with incident(path / "journal.db") as here:
        await here.measures((0, WARNING), (10, WARNING))
        wanted = AlertmanagerSettings(urls=(server.url,), ca_file=ca_file)
        (courier,) = made(here.room.journal, wanted)
        async with running(courier, health):
            yield health
        await courier.outlet.close()


async def test_one_whose_authority_is_trusted_is_told(tmp_path: Path) -> None:
    with GuardedAlertmanager(tmp_path / "alertmanager") as server:
        async with telling(tmp_path, server, server.ours.certificate) as health:
            await until(lambda: server.names() == [RULE.name])
            assert health.troubles == {}


@pytest.mark.parametrize("trusted", ["the system's", "another", "another name"])
async def test_one_that_cannot_show_who_it_is_is_told_nothing(tmp_path: Path, trusted: str) -> None:
    name = "elsewhere.example" if trusted == "another name" else LOOPBACK
    with GuardedAlertmanager(tmp_path / "alertmanager", name) as server:
        authorities = {
            "the system's": None,
            "another": authority(tmp_path / "another").certificate,
            "another name": server.ours.certificate,
        }
        async with telling(tmp_path, server, authorities[trusted]) as health:
            await until(lambda: bool(health.troubles))
            assert server.names() == []

    (trouble,) = health.troubles.values()
    assert "certificate" in trouble.lower()
