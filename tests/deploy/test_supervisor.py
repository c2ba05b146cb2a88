"""What systemd hears, from a socket in its place."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit

import pytest

from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.supervisor import Supervisor, supervisor_of
from tests.deploy.conftest import NotifySocket
from tests.journal.test_service import health, publish, telemetry, until

HALF_A_MB = 500_000
EVERY_US = 400_000
HALF = timedelta(microseconds=EVERY_US // 2)
_S = {"NOTIFY_SOCKET": "/run/n"}
ENVIRONMENTS: dict[str, tuple[Mapping[str, str], Supervisor]] = {
    "none": ({}, Supervisor()),
    "socket": (_S, Supervisor("/run/n")),
    "abstract": ({"NOTIFY_SOCKET": "@n"}, Supervisor("\0n")),
    "vsock": ({"NOTIFY_SOCKET": "vsock:2:1"}, Supervisor()),
    "watchdog": ({**_S, "WATCHDOG_USEC": "400000"}, Supervisor("/run/n", HALF)),
    "another's": ({**_S, "WATCHDOG_USEC": "400000", "WATCHDOG_PID": "1"}, Supervisor("/run/n")),
    "no number": ({**_S, "WATCHDOG_USEC": "soon"}, Supervisor("/run/n")),
    "zero": ({**_S, "WATCHDOG_USEC": "0"}, Supervisor("/run/n")),
}


@pytest.mark.parametrize(("environment", "whom"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_environment_says_whom_to_tell(
    environment: Mapping[str, str], whom: Supervisor
) -> None:
    assert supervisor_of(environment) == whom


def test_a_socket_that_is_gone_is_logged_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Supervisor(str(tmp_path / "gone")).tell("READY=1")

    assert "systemd can't be told READY=1" in caplog.text


@pytest.mark.servers
def test_systemd_hears_of_life_only_while_the_journal_takes_what_comes(
    tmp_path: Path,
    mosquitto: Mosquitto,
    systemd: NotifySocket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(systemd.path))
    monkeypatch.setenv("WATCHDOG_USEC", str(EVERY_US))
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port)}
    with Gridwatch(tmp_path / "gridwatch", tables) as service:
        assert [systemd.heard(), systemd.heard()] == ["READY=1", "WATCHDOG=1"]

        assert service.pid
        before = prlimit(service.pid, RLIMIT_FSIZE)
        prlimit(service.pid, RLIMIT_FSIZE, (HALF_A_MB, before[1]))
        publish(mosquitto, map(telemetry, range(9_000)))
        until(lambda: health(service)[0] == 503)
        systemd.hear_out()

        assert systemd.heard(within_s=4 * HALF.total_seconds()) is None

        prlimit(service.pid, RLIMIT_FSIZE, before)
        until(lambda: health(service)[0] == 200)

        assert systemd.heard() == "WATCHDOG=1"
    systemd_last = systemd.heard()
    while systemd_last == "WATCHDOG=1":
        systemd_last = systemd.heard()
    assert systemd_last == "STOPPING=1"
