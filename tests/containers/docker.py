"""The container engine by its program, and waiting for what it runs."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from ingest.clock import block, stopwatch

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UID = os.getuid() or 10_777
"""Who owns the secrets and the journal: whoever runs the tests, but never root."""
_POLL = timedelta(milliseconds=200)


def docker(
    *words: str | Path, environment: Mapping[str, str] | None = None, within_s: float = 120.0
) -> str:
    """Return what `docker` prints; AssertionError with all of it if it fails."""
    run = subprocess.run(
        ["docker", *words],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=within_s,
    )
    assert run.returncode == 0, f"docker {' '.join(map(str, words))}\n{run.stdout}\n{run.stderr}"
    return run.stdout.strip()


def inspected(container: str) -> dict[str, Any]:
    """Return what the engine knows of a container."""
    (found,) = json.loads(docker("container", "inspect", container))
    return dict(found)


def health(container: str) -> str:
    """Return `starting`, `healthy` or `unhealthy`."""
    return str(inspected(container)["State"]["Health"]["Status"])


def until(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Return when the condition holds; AssertionError after the limit."""
    limit_s = stopwatch() + within_s
    while not condition():
        assert stopwatch() < limit_s, f"not within {within_s:.0f} s"
        block(_POLL)


def rights_of(status: str) -> dict[str, str]:
    """Return user ids and capabilities of a process, from the text of its /proc/<pid>/status."""
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {key: lines[key].strip() for key in ("Uid", "CapEff", "NoNewPrivs")}
