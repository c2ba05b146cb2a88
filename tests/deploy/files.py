"""The files of `deploy/` as the tests look at them: they are run as they are, and read by lines."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
_ALERT = re.compile(r"^ *- alert: (\w+)$", re.MULTILINE)


def text_of(files: list[Path]) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in files)


def service_alerts() -> list[str]:
    """Return the names of the alerting rules about the service."""
    return _ALERT.findall(text_of(RULES))


def said_by(program: str, *arguments: str | Path) -> str:
    """Return what a program prints; AssertionError with all of it if it fails."""
    run = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    return run.stdout
