"""The systemd unit, by systemd's own judgement."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "gridwatch.service"
_MOST_EXPOSED = 2.0
"""Of 10; systemd calls up to 2.0 OK. What is left is that the service has a network."""

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)


def analyse(unit: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *words, str(unit)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a program that is there."""
    text = re.sub(r"/opt/gridwatch/\S*/gridwatch", "/bin/true", UNIT.read_text(encoding="utf-8"))
    file = tmp_path / UNIT.name
    file.write_text(text, encoding="utf-8")
    return file


def test_systemd_understands_every_line_of_the_unit(unit: Path) -> None:
    outcome = analyse(unit, "verify", "--man=no", "--recursive-errors=no")

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
