"""The container files against what they name; no container is run here."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from stat import S_IMODE

import pytest
from typer.testing import CliRunner

from ingest.cli import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text(encoding="utf-8")
MOUNTED = sorted(set(re.findall(r"(?<=[\s\[])\./([\w./-]+)", COMPOSE)))
OWN_LINES = {"plugin", "plugin_opt_config_file", "persistence_location", "certfile", "keyfile"}
OWN_LINES |= {"max_queued_messages"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of secrets that `prepare` makes."""
    folder = tmp_path_factory.mktemp("deploy") / "run"
    program = Path(sys.executable).with_name("gridwatch")
    environment = {**os.environ, "RUN_FOLDER": str(folder), "GRIDWATCH": str(program)}
    command = [str(DEPLOY / "container" / "prepare"), "broker.example"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    return folder


@pytest.mark.parametrize("source", [each for each in MOUNTED if not each.startswith("run/")])
def test_what_a_container_is_given_is_in_the_project(source: str) -> None:
    assert (DEPLOY / source).exists()


@pytest.mark.parametrize("source", [each for each in MOUNTED if each.startswith("run/")])
def test_what_a_container_is_given_in_secret_is_made(made: Path, source: str) -> None:
    assert made.parent.joinpath(source).exists()


def test_secrets_are_closed_to_others_and_made_once(made: Path) -> None:
    files = [file for file in made.iterdir() if file.is_file()]
    open_inside = {file.name for file in files if S_IMODE(file.stat().st_mode) & 0o77}
    environment = {**os.environ, "RUN_FOLDER": str(made)}
    again = subprocess.run(
        [str(DEPLOY / "container" / "prepare")],
        env=environment,
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert S_IMODE(made.stat().st_mode) == 0o700
    assert open_inside == {"influx-admin-token", "influx-password", "grafana-password"}
    assert again.returncode == 1
    assert b"is there already" in again.stderr


def test_the_settings_of_the_stack_are_good(made: Path, tmp_path: Path) -> None:
    text = (DEPLOY / "container" / "gridwatch.toml").read_text(encoding="utf-8")
    file = tmp_path / "gridwatch.toml"
    text = text.replace("/run/gridwatch", str(made)).replace("/var/lib/gridwatch", str(tmp_path))
    file.write_text(text, encoding="utf-8")
    outcome = CliRunner().invoke(app, ["check", str(file)])

    assert (outcome.exit_code, outcome.stderr) == (0, "")


def test_secrets_are_not_made_for_root(tmp_path: Path) -> None:
    """Or the broker and the service would run as root."""
    shutil.copytree(DEPLOY / "container", tmp_path / "deploy" / "container")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "id").write_text("#!/bin/sh\necho 0\n", encoding="ascii")
    (programs / "id").chmod(0o755)
    outcome = subprocess.run(
        [str(tmp_path / "deploy" / "container" / "prepare")],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        timeout=60,
    )

    assert (outcome.returncode, outcome.stderr[:11]) == (1, b"not as root")
    assert [each.name for each in (tmp_path / "deploy").iterdir()] == ["container"]


def test_the_settings_with_stand_ins_differ_only_in_the_database() -> None:
    ours, theirs = (
        tomllib.loads((DEPLOY / "container" / name).read_text(encoding="utf-8"))
        for name in ("gridwatch.toml", "stand-ins.toml")
    )
    apis = [settings.pop("sink")["influx"]["api"] for settings in (ours, theirs)]

    assert ours == theirs
    assert apis == ["v2", "v1"]


def _lines(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [
        line
        for line in lines
        if line and not line.startswith("#") and line.split()[0] not in OWN_LINES
    ]


def test_the_broker_of_the_stack_is_the_secured_one() -> None:
    ours, secured = DEPLOY / "container" / "mosquitto.conf", ROOT / "mosquitto" / "secured.conf"

    assert _lines(ours) == _lines(secured)


def test_every_variable_of_the_stack_is_in_the_example() -> None:
    example = (DEPLOY / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^(\w+)=", example, re.MULTILINE))

    assert set(re.findall(r"\$\{(\w+)", COMPOSE)) == named


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody_special() -> None:
    sources = re.findall(r"^COPY (?!--)(.+) \S+$", CONTAINERFILE, re.MULTILINE)

    assert all((ROOT / name).exists() for line in sources for name in line.split())
    assert re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE) == ["gridwatch"]
