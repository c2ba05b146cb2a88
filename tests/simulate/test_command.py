import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.cli.simulate import app
from ingest.demo.programs import Mosquitto, free_port
from ingest.registry import read_registry
from tests.simulate.test_recording import SAMPLE

FEW = ("run", "--homes", "3", "--doors", "1", "--gas", "1", "--speed", "100000")
SCENARIO = """
[[event]]
what = "leak"
at = "1h"
device = "wm-000002"
litres_per_hour = 20.0
"""


def gridwatch_simulate(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.servers
def test_replay_ends_with_a_summary(mosquitto: Mosquitto) -> None:
    result = gridwatch_simulate("replay", SAMPLE, "--port", mosquitto.port)

    summary = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == 0
    assert result.stderr == ""
    counts = ("published", "readings", "repeated", "conflicting", "unacknowledged")
    assert [summary[count] for count in counts] == [3_720, 3_717, 2, 1, 0]


@pytest.mark.servers
def test_run_leaves_truth_and_registry(mosquitto: Mosquitto, tmp_path: Path) -> None:
    truth, registry, scenario = (tmp_path / name for name in ("t.jsonl", "r.csv", "s.toml"))
    scenario.write_text(SCENARIO, encoding="utf-8")
    files = ("--truth", truth, "--registry", registry, "--scenario", scenario)

    result = gridwatch_simulate(
        *FEW, *files, "--since", "3d", "--duration", "2d", "--port", mosquitto.port
    )

    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["readings"] > 3 * 2 * 48
    assert summary["behind_s"] == 0
    injected = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    assert ("leak", "wm-000002") in {(line["what"], line.get("device")) for line in injected}
    with registry.open(encoding="utf-8", newline="") as lines:
        assert len(read_registry(lines)) == 5


@pytest.mark.servers
@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_alone(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", str(int(terminal)))

    result = gridwatch_simulate(*FEW, "--since", "3d", "--duration", "2d", "--port", mosquitto.port)

    assert ("messages" in result.stderr and "connected" in result.stderr) is terminal
    assert json.loads(result.stdout)["published"] > 0


@pytest.mark.servers
def test_one_process_carries_a_hundred_thousand_devices_in_250_mb(mosquitto: Mosquitto) -> None:
    """Measured: 150 MB; a process of its own, as the peak of this one is that of other tests."""
    fleet = ("--homes", "90000", "--doors", "8000", "--gas", "2000")
    pace = ("--speed", "600", "--since", "1h", "--duration", "10m")
    arguments = ("simulate", "run", *fleet, *pace, "--port", str(mosquitto.port))
    code = "from ingest.cli import main; main()"

    run = subprocess.run(
        (sys.executable, "-c", code, *arguments), check=True, capture_output=True, text=True
    )

    summary = json.loads(run.stdout.splitlines()[-1])
    assert summary["published"] > 8_000 / 60 * 10
    assert summary["unacknowledged"] == 0
    assert summary["rss_mb"] < 250


def test_a_scenario_that_the_fleet_cannot_follow_is_named_by_its_file(tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text(SCENARIO.replace("wm-000002", "wm-000009"), encoding="utf-8")

    result = gridwatch_simulate(*FEW, "--scenario", scenario)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"{scenario}: event 1: device: ")


def test_an_unreachable_broker_is_one_line_and_code_1() -> None:
    port = free_port()

    result = gridwatch_simulate(*FEW, "--port", port, "--connect-limit", "1s")

    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"127.0.0.1:{port}: no connection within 1 s: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("replay", "missing.csv"), "missing.csv: can't read"),
        (("replay", SAMPLE, "--speed", "fast"), "--speed: expected 1 to 100000 or max"),
        (("replay", SAMPLE, "--shift-weeks", "9999"), "--shift-weeks: expected at most"),
        (("replay", SAMPLE, "--shift-weeks", "1", "--no-shift"), "expected one of them"),
        (("run", "--homes", "0", "--doors", "0", "--gas", "0"), "expected at least one device"),
        ((*FEW, "--scenario", "missing.toml"), "missing.toml: can't read"),
        ((*FEW, "--until", "tomorrow"), "--until: expected now or a time such as"),
        ((*FEW, "--until", "2020-01-01T00:00:00Z"), "--until: expected a time after the start"),
        ((*FEW, "--until", "now", "--duration", "1d"), "expected one of them"),
        ((*FEW, "--password-file", "missing"), "--password-file: expected --username"),
        ((*FEW, "--key-file", "missing.pem"), "--cert-file, --key-file: expected both or neither"),
        (
            (*FEW, "--ca-file", "missing.pem"),
            "--ca-file: expected certificates in PEM in missing.pem",
        ),
        ((*FEW, "--device-password-file", str(SAMPLE)), "line 1: expected device:password"),
        ((*FEW, "--registry", "no/such/folder/r.csv"), "can't write"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[object, ...], expected: str) -> None:
    result = gridwatch_simulate(*arguments)

    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert expected in line
