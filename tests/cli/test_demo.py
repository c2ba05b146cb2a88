"""`gridwatch demo`, a real process with real servers."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from ingest.clock import block, stopwatch
from ingest.demo.programs import Mosquitto
from tests.cli.conftest import Command

RECORDING = Path(__file__).parents[1] / "samples" / "daiad" / "readings.csv"
STORY = (
    ("injected", "leak at wm-000012, 20 L/h"),
    ("warning", "Water runs without a pause 持续用水疑似漏水: water_meter/wm-000012"),
    ("", "Water in every known slot of 24 h, of which 24 h are known"),
    ("critical", "Door and water of a person in care silent 关爱对象门水双静默"),
    ("warning", "Person in care inactive 关爱对象未出入"),
    ("notice", "Lease ended 租约已到期"),
    ("answer", "to door/door-00007: done"),
    ("proof", "fan_start to gas_monitor/gm-0003: seen by its effect"),
    ("over", "硫化氢浓度: gas_monitor/gm-0003"),
    ("proof", "fan_stop to gas_monitor/gm-0003: seen by its effect"),
)
DEMO = (sys.executable, "-m", "ingest", "demo")


@pytest.mark.servers
@pytest.mark.parametrize("influx", [(), ("--influx",)], ids=["embedded", "influx"])
def test_nothing_is_lost(tmp_path: Path, influx: tuple[str, ...]) -> None:
    process = _start(tmp_path, "--seconds", "8", *influx)

    account = _account(process)

    assert process.returncode == 0
    assert account["lost"] == 0
    assert account["stored"] > 1_000
    assert account["published"] == (
        account["stored"] + account["duplicates"] + account["dead_letters"]
    )
    assert account.get("influxdb") == (account["stored"] if influx else None)
    assert not list(tmp_path.iterdir())


@pytest.mark.servers
def test_the_story_is_told_and_summed_up(tmp_path: Path) -> None:
    """A leak, a person in care, a lease that ends, gas with the fan; half a minute for 20 s."""
    output, errors = _start(tmp_path, "--seconds", "30").communicate(timeout=100)

    account = json.loads(output.splitlines()[-1])
    assert errors == ""
    assert (account["lost"], account["told"]) == (0, account["injected"])
    story = output[: output.rindex("injected  ")].splitlines()
    for mark, words in STORY:
        assert any(mark in line and words in line for line in story), words
    orders = [line.split(maxsplit=3)[2:] for line in story if " gas_monitor/gm-0003" in line]
    done = [mark for mark, what in orders if what.startswith("fan_")]
    assert done == ["order", "answer", "proof", "order", "answer", "proof"]


@pytest.mark.servers
def test_an_interrupt_ends_it_with_its_account(tmp_path: Path) -> None:
    process = _start(tmp_path)
    assert process.stdout
    first = process.stdout.readline()
    while " s  device time" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)

    account = _account(process)

    assert first.startswith("a simulated community: days go by in seconds")
    assert process.returncode == 0
    assert account["lost"] == 0
    assert account["stored"] > 0
    assert not list(tmp_path.iterdir())


@pytest.mark.servers
@pytest.mark.parametrize("size", [(110, 36), (80, 24)], ids=str)
def test_at_a_terminal_it_shows_a_view_that_fits(tmp_path: Path, size: tuple[int, int]) -> None:
    columns, lines = size
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm", "COLUMNS": str(columns), "LINES": str(lines)}
    process = _start(tmp_path, "--seconds", "2", output=theirs, terminal=terminal)
    os.close(theirs)

    shown = _everything(ours)

    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    account: dict[str, int] = json.loads(shown[shown.rindex("{") :])
    assert account["lost"] == 0
    frames = shown.split("\u256d")[1:]
    assert "Gridwatch: a simulated community" in frames[0]
    assert "ended" in frames[-1]
    assert max(frame.partition("\u256f")[0].count("\n") for frame in frames) < lines - 1


@pytest.mark.servers
def test_recorded_meters_end_by_themselves(tmp_path: Path) -> None:
    account = _account(_start(tmp_path, "--replay", str(RECORDING)))

    assert account["lost"] == 0
    assert account["published"] == len(RECORDING.read_text().splitlines()) - 1


@pytest.mark.servers
def test_a_service_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = _start(tmp_path)
    assert process.stdout
    process.stdout.readline()
    _kill_service(tmp_path)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert errors.startswith("the service ended by -9\n")
    assert "connected to" in errors
    assert not list(tmp_path.iterdir())


def test_a_missing_program_is_one_line(gridwatch: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mosquitto, "executable", "no-such-broker")

    outcome = gridwatch("demo", "--seconds", 1)

    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "no-such-broker is not installed: apt-get install mosquitto\n"


def test_a_missing_recording_is_one_line(gridwatch: Command, tmp_path: Path) -> None:
    outcome = gridwatch("demo", "--replay", tmp_path / "missing.csv")

    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(str(tmp_path / "missing.csv"))
    assert len(outcome.stderr.splitlines()) == 1


def _start(
    folder: Path,
    *arguments: str,
    output: int = subprocess.PIPE,
    terminal: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[str]:
    """Start a demonstration that keeps its temporary files in the folder."""
    return subprocess.Popen(
        [*DEMO, *arguments],
        stdout=output,
        stderr=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin:/usr/sbin", "TMPDIR": str(folder), **terminal},
        cwd=Path(__file__).parents[2],
        text=True,
    )


def _everything(terminal: int) -> str:
    """Return what is written to a terminal until its last writer is gone."""
    parts = []
    with os.fdopen(terminal, "rb", buffering=0) as output, suppress(OSError):
        while part := output.read(65_536):
            parts.append(part)
    return b"".join(parts).decode().replace("\r\n", "\n")


def _account(process: subprocess.Popen[str]) -> dict[str, int]:
    output, errors = process.communicate(timeout=90)
    assert errors == ""
    account: dict[str, int] = json.loads(output.splitlines()[-1])
    return account


def _kill_service(folder: Path) -> None:
    """End the service of the demonstration, found by the settings file in its command line."""
    (settings,) = folder.rglob("gridwatch.toml")
    limit_s = stopwatch() + 10
    while stopwatch() < limit_s:
        for process in Path("/proc").glob("[0-9]*"):
            if str(settings).encode() in _command_line(process):
                os.kill(int(process.name), signal.SIGKILL)
                return
        block(timedelta(milliseconds=50))
    raise AssertionError("no service found")


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
