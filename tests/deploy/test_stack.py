"""The stack's broker, service and simulators as its files start them, without containers."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.demo.gridwatch import Gridwatch, Tables
from ingest.demo.programs import LOOPBACK, Mosquitto
from tests.deploy.test_container import DEPLOY, ROOT, made  # noqa: F401 a fixture
from tests.journal.test_service import stored, until

_SECURED = (ROOT / "mosquitto" / "secured.conf").read_text(encoding="utf-8")
PLUGIN = re.findall(r"^plugin (\S+)$", _SECURED, re.MULTILINE)[0]

pytestmark = pytest.mark.servers


class StackMosquitto(Mosquitto):
    """The broker of the stack, its paths and port those of a test."""

    def __init__(self, folder: Path, run: Path) -> None:
        super().__init__(folder)
        self._run = run

    def configuration(self) -> str:
        """Return the stack's own file, with the places of this machine."""
        text = (DEPLOY / "container" / "mosquitto.conf").read_text(encoding="utf-8")
        for theirs, ours in {
            "/run/gridwatch/": f"{self._run}/",
            "/mosquitto/data/": f"{self._run}/mosquitto/",
            "/usr/lib/mosquitto_dynamic_security.so": PLUGIN,
            "listener 8883": f"listener {self.port}",
        }.items():
            text = text.replace(theirs, ours)
        return text + ("user root\n" if os.geteuid() == 0 else "")

    def answers(self) -> bool:
        """Return whether it listens."""
        with socket.create_connection((LOOPBACK, self.port), timeout=1):
            return True


def test_what_the_simulators_of_the_stack_say_is_stored(
    made: Path,  # noqa: F811 the fixture
    tmp_path: Path,
) -> None:
    with StackMosquitto(tmp_path / "broker", made) as broker:
        mqtt = {
            "host": "localhost",
            "port": broker.port,
            "tls": True,
            "ca_file": str(made / "certs" / "ca.crt"),
            "username": "gridwatch",
            "password_file": str(made / "accounts" / "gridwatch.password"),
        }
        tables: Tables = {"mqtt": mqtt}
        with Gridwatch(tmp_path / "gridwatch", tables) as service:
            _simulate(broker.port, made)
            until(lambda: stored(service) > 0)
            refused = service.metrics().get("gridwatch_dead_letters_total", 0)

    assert refused == 0


def _simulate(port: int, run: Path) -> None:
    command = [sys.executable, "-m", "ingest", "simulate", "run", "--homes=5", "--doors=2"]
    command += ["--gas=2", "--host=localhost", f"--port={port}", "--username=simulator"]
    command += [f"--password-file={run}/accounts/simulator.password"]
    command += [f"--ca-file={run}/certs/ca.crt", "--since=1h", "--until=now", "--speed=100000"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
