"""An Alertmanager behind TLS is told; one that can't show who it is gets nothing."""

import asyncio
import http.client
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.instant import Instant
from ingest.accounts.papers import authority, server_certificate
from ingest.clock import MachineClock
from ingest.demo.programs import LOOPBACK, Alertmanager
from ingest.health import Health
from ingest.metrics import Metrics
from ingest.outlets.made import couriers_of
from ingest.outlets.outlet import Beside
from ingest.settings import AlertmanagerSettings, OutletSettings, Settings
from ingest.tls import Identity
from tests.alerts.gas import MONITOR, WARNING
from tests.journal.readings import START
from tests.outlets.broker import Broker
from tests.outlets.hook import until
from tests.outlets.incident import MINUTE, Incident, incident, title

pytestmark = pytest.mark.servers
RAISE = ((0, WARNING), (10, WARNING))


class GuardedAlertmanager(Alertmanager):
    """Speaks TLS alone, by its `--web.config.file`."""

    scheme = "https"

    def __init__(self, folder: Path, shown: Identity) -> None:
        super().__init__(folder)
        self._shown = shown

    def arguments(self) -> Sequence[str]:
        file = self.folder / "web.yml"
        certificate, key = self._shown
        tls = {"cert_file": str(certificate), "key_file": str(key), "min_version": "TLS12"}
        file.write_text(json.dumps({"tls_server_config": tls}), encoding="utf-8")
        return (*super().arguments(), f"--web.config.file={file}")

    def answers(self) -> bool:
        return self._asked("/-/ready")[0] == 200

    def held(self) -> list[str]:
        """Return the subjects of the alerts that fire there."""
        alerts = json.loads(self._asked("/api/v2/alerts")[1])
        return [each["labels"]["subject"] for each in alerts]

    def _asked(self, path: str) -> tuple[int, bytes]:
        """Ask whoever it is."""
        anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(LOOPBACK, self.port, timeout=10, context=anyone)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def ours(tmp_path: Path) -> Identity:
    return authority(tmp_path / "ours")


@asynccontextmanager
async def telling(
    here: Incident, server: GuardedAlertmanager, trusted: Path | None
) -> AsyncIterator[Health]:
    """What the settings make of the server, at work meanwhile."""
    alertmanager = AlertmanagerSettings(
        urls=(server.url,), ca_file=trusted, timeout_s=2.0, longest_backoff_s=0.1
    )
    settings = Settings(outlet=OutletSettings(alertmanager=alertmanager, mqtt=False))
    beside = Beside(here.room.journal, MachineClock(), title)
    (courier,) = couriers_of(settings, beside, Broker())
    health = Health()
    task = asyncio.create_task(courier.run(Metrics(), health))
    try:
        yield health
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await courier.outlet.close()


def just_now() -> Instant:
    """What moves the readings so that they were measured a minute ago."""
    return MachineClock().now() - MINUTE - START


async def test_an_alertmanager_of_the_trusted_authority_is_told_by_tls(
    tmp_path: Path, ours: Identity
) -> None:
    shown = server_certificate(ours, "server", [LOOPBACK])
    with GuardedAlertmanager(tmp_path / "alertmanager", shown) as server:
        async with incident(tmp_path / "journal.db", later=just_now()) as here:
            await here.measures(*RAISE)
            async with telling(here, server, ours.certificate) as health:
                await until(lambda: server.held() == [f"gas_monitor/{MONITOR}"])
                assert health.troubles == {}


@pytest.mark.parametrize(
    ("by", "host", "days"),
    [
        ("theirs", LOOPBACK, 90),
        ("ours", "alertmanager.example", 90),
        ("ours", LOOPBACK, -1),
        ("the system", LOOPBACK, 90),
    ],
    ids=["another authority", "another name", "expired", "none is named, and it is not public"],
)
async def test_an_alertmanager_that_cannot_show_who_it_is_is_told_nothing(
    tmp_path: Path, ours: Identity, by: str, host: str, days: int
) -> None:
    signer = authority(tmp_path / "theirs") if by == "theirs" else ours
    trusted = None if by == "the system" else ours.certificate
    shown = server_certificate(signer, "server", [host], days=days)
    with GuardedAlertmanager(tmp_path / "alertmanager", shown) as server:
        async with incident(tmp_path / "journal.db", later=just_now()) as here:
            await here.measures(*RAISE)
            async with telling(here, server, trusted) as health:
                await until(lambda: bool(health.troubles))
            held = server.held()

    ((part, why),) = health.troubles.items()
    assert part == f"outlet:alertmanager:{LOOPBACK}:{server.port}"
    assert why.startswith("no answer: ClientConnectorCertificateError")
    assert held == []
