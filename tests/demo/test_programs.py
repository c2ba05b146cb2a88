"""Real servers as child processes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.clock import stopwatch
from ingest.demo.programs import (
    Alertmanager,
    InfluxDB,
    MissingProgram,
    Mosquitto,
    Server,
    StartError,
    VictoriaMetrics,
    find_program,
)

SERVERS: list[type[Server]] = [Mosquitto, InfluxDB, VictoriaMetrics, Alertmanager]


@pytest.mark.servers
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_keeps_its_port_over_a_stop_and_a_kill(
    server: type[Server], tmp_path: Path
) -> None:
    with server(tmp_path / "files") as running:
        url = running.url
        running.stop()
        assert running.pid is None
        running.start()
        assert running.answers()
        running.kill()
        assert running.pid is None
        running.start()
        assert running.answers()
        assert running.url == url
    assert running.pid is None
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


@pytest.mark.servers
def test_servers_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "a") as one, Mosquitto(tmp_path / "b") as other:
        assert one.port != other.port


@pytest.mark.servers
def test_a_port_that_another_took_meanwhile_is_changed_for_a_new_one(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    late = InfluxDB(tmp_path / "late")
    late.port = mosquitto.port

    with late:
        assert late.port != mosquitto.port


@pytest.mark.servers
def test_a_server_that_refuses_its_configuration_is_named_with_its_log(tmp_path: Path) -> None:
    server = Mosquitto(tmp_path, extra=["no_such_option true"])

    with pytest.raises(StartError, match=r"mosquitto\.log"):
        server.start()


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(MissingProgram, match="apt-get install some-package"):
        find_program("no-such-program", "some-package")


PARENT = """
import sys
from pathlib import Path
from ingest.demo.programs import Mosquitto
broker = Mosquitto(Path(sys.argv[1]))
broker.start()
print(broker.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.servers
def test_a_server_ends_with_its_parent_even_if_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout
        status = Path("/proc") / parent.stdout.readline().decode().strip() / "stat"
        assert status.exists()
        parent.send_signal(signal.SIGKILL)

    started = stopwatch()
    while status.exists() and _is_alive(status):
        assert stopwatch() - started < 10


def _is_alive(status: Path) -> bool:
    try:
        return status.read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
