"""Settings files by their text, in an environment that holds no setting."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.settings import ENVIRONMENT_PREFIX

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a settings file and gives its path."""

    def written(text: str) -> Path:
        path = tmp_path / "gridwatch.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written
