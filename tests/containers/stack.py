"""The stack of `compose.yaml`, as it is, under another name and on an address of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiomqtt

from ingest.tls import trusting
from tests.containers.docker import DEPLOY, UID, docker, inspected

ADDRESS = "127.0.83.1"
"""Loopback like 127.0.0.1, where nothing else listens."""
SETTINGS = "/etc/gridwatch/gridwatch.toml"
_NAME = "gridwatch-check"
_ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"


class Stack:
    """The stack in a folder of its own; Grafana is left out where images stand in for others."""

    def __init__(self, folder: Path, variables: Mapping[str, str], *, stand_ins: bool) -> None:
        self.deploy = folder / "deploy"
        self.services = ["net", "mosquitto", "influxdb", "gridwatch", "prometheus", "alertmanager"]
        self._files = ["compose.yaml", "container/stand-ins.yaml"][: 2 if stand_ins else 1]
        if not stand_ins:
            self.services.append("grafana")
        shutil.copytree(DEPLOY, self.deploy, ignore=shutil.ignore_patterns("run", ".env"))
        self._write_variables(variables)
        self._prepare()

    def compose(self, *words: str | Path, within_s: float = 300.0) -> str:
        """Return what `docker compose` prints; AssertionError with all of it if it fails."""
        files = [word for file in self._files for word in ("-f", self.deploy / file)]
        folder = ("--project-directory", self.deploy, "-p", _NAME)
        return docker("compose", *files, *folder, *words, within_s=within_s)

    def up(self) -> None:
        """Start all and return when the service is healthy."""
        started = ("up", "--detach", "--no-build", "--wait", "--wait-timeout", "120")
        try:
            self.compose(*started, *self.services)
        except AssertionError as error:
            said = self.compose("logs", "--tail", "20")
            raise AssertionError(f"{error}\n{said}") from None

    def run(self, service: str, *words: str) -> str:
        """Run a program beside a service that runs, in its container."""
        return self.compose("exec", "-T", service, *words)

    def asked(self, url: str) -> Any:  # noqa: ANN401 whatever JSON holds
        """Return what one of the stack answers on the loopback that they share."""
        return json.loads(self.run("gridwatch", "python", "-c", _ASK, url))

    def inspected(self, service: str) -> dict[str, Any]:
        return inspected(self.compose("ps", "--all", "--quiet", service))

    def device(self, name: str) -> aiomqtt.Client:
        """Make an account as docs/operations.md says, and return a client outside that has it."""
        made = self.deploy / "run" / "accounts"
        given = f"{made}/admin.password:/run/admin.password:ro"
        line = self.compose(
            *("run", "--rm", "--no-deps", "-T", "--volume", given, "gridwatch"),
            *("device", "add", name, "-p", "/run/admin.password", "-s", SETTINGS, "-f", "json"),
        )
        return aiomqtt.Client(
            ADDRESS,
            8883,
            identifier=name,
            username=name,
            password=json.loads(line)["password"],
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=trusting(self.deploy / "run" / "certs" / "ca.crt", "ca"),
        )

    def end(self) -> None:
        """Leave nothing behind."""
        self.compose("--profile", "trial", "down", "--volumes", "--timeout", "20")

    def _write_variables(self, variables: Mapping[str, str]) -> None:
        ours = {
            "MQTT_ADDRESS": ADDRESS,
            "GRAFANA_ADDRESS": ADDRESS,
            "MQTT_CONNECTIONS": "1024",
            "HOMES": "20",
            "STACK_UID": str(UID),
            "STACK_GID": str(UID),
        }
        lines = (f"{name}={value}\n" for name, value in {**variables, **ours}.items())
        (self.deploy / ".env").write_text("".join(lines), encoding="utf-8")

    def _prepare(self) -> None:
        run = self.deploy / "run"
        program = Path(sys.executable).with_name("gridwatch")
        environment = {**os.environ, "RUN_FOLDER": str(run), "GRIDWATCH": str(program)}
        command = [str(self.deploy / "container" / "prepare"), ADDRESS]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        if os.getuid() == 0:
            for each in (run, *run.rglob("*")):
                os.chown(each, UID, UID)
