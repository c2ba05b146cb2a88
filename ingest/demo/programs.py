"""Real servers as child processes: on a free loopback port, with every file in one folder."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Self
from urllib.parse import urlencode

from ingest.clock import block, stopwatch

LOOPBACK = "127.0.0.1"

_POLL = timedelta(milliseconds=20)
_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_STARTS = 5
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")


class MissingProgram(Exception):  # noqa: N818 named after what the caller does: have it installed
    """A server is not installed; the text names its Debian package."""

    def __init__(self, executable: str, package: str) -> None:
        super().__init__(f"{executable} is not installed: apt-get install {package}")
        self.package = package


class StartError(Exception):
    """A server ended at once or did not answer in time; the text names its log file."""


class Server(ABC):
    """A server as a child process, and the context in which it runs.

    It keeps its port and its data over `stop` and `start`. What it prints goes to `log`. It ends
    with the process that started it even if that is killed, provided `setpriv` is installed.
    """

    executable: ClassVar[str]
    package: ClassVar[str]
    scheme: ClassVar[str] = "http"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / f"{self.executable}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._has_run = False

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"{self.scheme}://{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while the server runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server and return when it answers; StartError after 30 s or if it ends.

        MissingProgram if it is not installed. A port taken by another meanwhile is changed for a
        new one, unless the server has answered on it before.
        """
        if self.pid is not None:
            return
        program = find_program(self.executable, self.package)
        self.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(_STARTS):
            self._process = self._spawn(program)
            if self._answers_in_time(self._process):
                self._has_run = True
                return
            if not self._has_run:
                self.port = free_port()
            block(_POLL)
        raise StartError(f"{self.executable} does not start: see {self.log}")

    def stop(self) -> None:
        """End the server by SIGTERM, after 10 s by SIGKILL, and wait until it is gone."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server by SIGKILL and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def arguments(self) -> Sequence[str]:
        """Write what the server needs into the folder and return its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether the server serves requests; OSError or HTTPException if it does not."""

    def _spawn(self, program: str) -> subprocess.Popen[bytes]:
        command = [*_ended_with_us(), program, *self.arguments()]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt from the keyboard is ours alone
            )

    def _answers_in_time(self, process: subprocess.Popen[bytes]) -> bool:
        started = stopwatch()
        while process.poll() is None:
            if _without_error(self.answers) and process.poll() is None:
                return True
            if stopwatch() - started > _START_LIMIT_S:
                self.kill()
                raise StartError(f"{self.executable} does not answer: see {self.log}")
            block(_POLL)
        return False


class Mosquitto(Server):
    """The MQTT broker: persistent, queues for 10 million messages, anyone on loopback."""

    executable = "mosquitto"
    package = "mosquitto"
    scheme = "mqtt"

    _HELLO = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"
    """CONNECT of MQTT 3.1.1 with a clean session and no client id."""
    _CONNACK = 0x20

    def __init__(self, folder: Path, extra: Sequence[str] = ()) -> None:
        super().__init__(folder)
        self._extra = tuple(extra)

    def configuration(self) -> str:
        """Return the text of the configuration file; lines of `extra` come last and win."""
        return "\n".join(
            (
                f"listener {self.port} {LOOPBACK}",
                "allow_anonymous true",
                "persistence true",
                f"persistence_location {self.folder.resolve()}/",
                "autosave_interval 60",
                "max_inflight_messages 0",
                "max_queued_messages 10000000",
                "max_queued_bytes 0",
                "message_size_limit 262144",
                "set_tcp_nodelay true",
                "log_dest stderr",
                *(("user root",) if os.geteuid() == 0 else ()),
                *self._extra,
                "",
            )
        )

    def arguments(self) -> Sequence[str]:
        """Write `mosquitto.conf` and point the broker at it."""
        path = self.folder / "mosquitto.conf"
        path.write_text(self.configuration(), encoding="utf-8")
        return ("-c", str(path))

    def answers(self) -> bool:
        """Return whether the broker answers a CONNECT, be it with a refusal."""
        with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
            connection.sendall(self._HELLO)
            return connection.recv(1)[:1] == bytes([self._CONNACK])


class InfluxDB(Server):
    """InfluxDB 1.x without authentication; the largest request it takes can be set."""

    executable = "influxd"
    package = "influxdb"

    def __init__(self, folder: Path, largest_body: int = 25_000_000) -> None:
        super().__init__(folder)
        self._largest_body = largest_body

    def configuration(self) -> str:
        """Return the text of the configuration file; it ends in the section `[http]`."""
        folder = self.folder.resolve()
        return f"""\
reporting-enabled = false
bind-address = "{LOOPBACK}:0"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
max-series-per-database = 0
max-values-per-tag = 0
[monitor]
store-enabled = false
[http]
bind-address = "{LOOPBACK}:{self.port}"
log-enabled = false
max-body-size = {self._largest_body}
"""

    def arguments(self) -> Sequence[str]:
        """Write `influxdb.conf` and point the server at it."""
        path = self.folder / "influxdb.conf"
        path.write_text(self.configuration(), encoding="utf-8")
        return ("run", "-config", str(path))

    def answers(self) -> bool:
        """Return whether `/ping` answers."""
        return _status(self.port, "GET", "/ping") == 204

    def create_database(self, name: str) -> None:
        """Create the database unless it is there; OSError if the server does not do it."""
        order = urlencode({"q": f'CREATE DATABASE "{name}"'})
        status, body = _exchange(self.port, "POST", f"/query?{order}")
        if status != 200 or any("error" in result for result in json.loads(body)["results"]):
            raise OSError(f"influxd does not create the database: see {self.log}")

    def counts(self, name: str) -> dict[str, int]:
        """Return the number of points in the database by measurement; reads all of them."""
        names = json.loads(self._query(name, "SHOW MEASUREMENTS", "application/json"))
        series = names["results"][0].get("series", [{"values": []}])
        return {
            measurement: self._count(name, measurement) for (measurement,) in series[0]["values"]
        }

    def _count(self, name: str, measurement: str) -> int:
        """Count rows, because InfluxQL counts only values and a point has not every field."""
        everything = f'SELECT * FROM "{measurement}"'  # noqa: S608 the database gave the name
        rows = self._query(name, everything, "text/csv").splitlines()
        return sum(not row.startswith(b"name,") for row in rows if row)

    def _query(self, name: str, query: str, form: str) -> bytes:
        path = "/query?" + urlencode({"db": name, "q": query})
        status, body = _exchange(self.port, "GET", path, headers={"Accept": form})
        if status != 200:
            raise OSError(f"influxd answers {status} to a query: see {self.log}")
        return body


class VictoriaMetrics(Server):
    """VictoriaMetrics with a retention of a hundred years."""

    executable = "victoria-metrics"
    package = "victoria-metrics"

    def arguments(self) -> Sequence[str]:
        """Return the flags; the server reads no file."""
        return (
            f"-storageDataPath={self.folder.resolve() / 'data'}",
            f"-httpListenAddr={LOOPBACK}:{self.port}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",  # a line written twice counts once
        )

    def answers(self) -> bool:
        """Return whether `/health` answers."""
        return _status(self.port, "GET", "/health") == 200


class Alertmanager(Server):
    """Alertmanager alone, without a cluster; all it knows of alerts goes to one web hook, if any.

    It keeps whom it has notified over a restart, and no alerts: these are told it again.
    """

    executable = "prometheus-alertmanager"
    package = "prometheus-alertmanager"

    def __init__(self, folder: Path, hook: str | None = None) -> None:
        super().__init__(folder)
        self._hook = hook

    def configuration(self) -> str:
        """Return the text of the configuration file."""
        hooks = f"[{{url: '{self._hook}', send_resolved: true}}]" if self._hook else "[]"
        return f"""\
route: {{receiver: all, group_by: ['...'], group_wait: 100ms, group_interval: 200ms}}
receivers: [{{name: all, webhook_configs: {hooks}}}]
"""

    def arguments(self) -> Sequence[str]:
        """Write `alertmanager.yml` and point the server at it."""
        path = self.folder / "alertmanager.yml"
        path.write_text(self.configuration(), encoding="utf-8")
        return (
            f"--config.file={path}",
            f"--storage.path={self.folder.resolve() / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
            "--cluster.listen-address=",
        )

    def answers(self) -> bool:
        """Return whether it is ready for alerts."""
        return _status(self.port, "GET", "/-/ready") == 200


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def find_program(executable: str, package: str) -> str:
    """Return the path of a program, looked for in the folders of system services as well."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS))
    program = shutil.which(executable, path=path)
    if program is None:
        raise MissingProgram(executable, package)
    return program


def _ended_with_us() -> Sequence[str]:
    """The kernel ends the child with the thread that started it, so only with the main thread."""
    setpriv = shutil.which("setpriv")
    on_main_thread = threading.current_thread() is threading.main_thread()
    return (setpriv, "--pdeathsig", "TERM") if setpriv and on_main_thread else ()


def _without_error(answers: Callable[[], bool]) -> bool:
    try:
        return answers()
    except (OSError, http.client.HTTPException):
        return False


def _status(port: int, method: str, path: str) -> int:
    return _exchange(port, method, path)[0]


def _exchange(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, bytes]:
    """Return status and body; without the body InfluxDB may still be at work."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
