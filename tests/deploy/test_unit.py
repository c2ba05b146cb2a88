"""The systemd units, by systemd's own judgement."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "gridwatch.service"
_MOST_EXPOSED = 2.0
"""Of 10; systemd calls up to 2.0 OK. What is left is that the service has a network."""

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)


def analyse(unit: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Let systemd look at the unit, among others of its folder."""
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{unit.parent}:"}
    command = ["systemd-analyze", *words, str(unit)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def placed(unit: Path, folder: Path) -> Path:
    """Return the unit with programs that are there, beside what it wants of others."""
    text = re.sub(r"/opt/gridwatch/\S*/gridwatch", "/bin/true", unit.read_text(encoding="utf-8"))
    file = folder / unit.name
    file.write_text(text.replace("/usr/bin/docker", "/bin/true"), encoding="utf-8")
    docker = "[Service]\nExecStart=/bin/true\n"
    (folder / "docker.service").write_text(docker, encoding="ascii")
    return file


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    return placed(UNIT, tmp_path)


@pytest.mark.parametrize("name", sorted(each.name for each in FOLDER.iterdir()))
def test_systemd_understands_every_line_of_the_units(tmp_path: Path, name: str) -> None:
    outcome = analyse(
        placed(FOLDER / name, tmp_path), "verify", "--man=no", "--recursive-errors=no"
    )

    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_systemd_says_of_a_line_that_it_does_not_understand(unit: Path) -> None:
    """Or the test before could not fail."""
    unit.write_text(unit.read_text().replace("WatchdogSec", "WatchdogSeconds"))

    assert "WatchdogSeconds" in analyse(unit, "verify", "--man=no").stderr


def test_the_service_is_exposed_to_little(unit: Path) -> None:
    outcome = analyse(unit, "security", "--offline=true")
    found = re.search(r"exposure level for \S+: ([\d.]+)", outcome.stdout)

    assert found, outcome.stderr
    assert float(found[1]) <= _MOST_EXPOSED


def test_the_user_of_the_service_can_look_into_the_folder_of_its_settings() -> None:
    """Of all folders that systemd makes for a unit, this one is not given to its user."""
    (mode,) = re.findall(r"^ConfigurationDirectoryMode=(\d+)$", UNIT.read_text(), re.MULTILINE)

    assert int(mode, 8) & 0o005 == 0o005
