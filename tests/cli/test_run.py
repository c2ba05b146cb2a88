"""How `gridwatch run` ends when it can't begin."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ingest.demo.programs import LOOPBACK
from ingest.journal.database import open_writer

_PAGE = 4_096


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]

        outcome = _run(tmp_path, f"[http]\nport = {port}\n")

    assert outcome.returncode == 1
    assert outcome.stderr.splitlines()[-1] == (
        f"http.host, http.port: can't listen on 127.0.0.1:{port}: Address already in use"
    )
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[mqtt]\nhst = 'a'\n", "mqtt.hst: unknown key; did you mean mqtt.host?"),
        ("[journal]\npath = 'no/such/folder/j.db'\n", "journal.path: expected the folder"),
    ],
)
def test_wrong_settings_are_exit_code_2(tmp_path: Path, text: str, complaint: str) -> None:
    outcome = _run(tmp_path, text)

    assert outcome.returncode == 2
    assert complaint in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("table", ["cursor", "subject_state"])
def test_a_journal_whose_damage_shows_after_it_is_opened_is_refused_in_one_line(
    tmp_path: Path, table: str
) -> None:
    path = tmp_path / "journal.db"
    with closing(open_writer(path)) as journal:
        (page,) = journal.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * _PAGE)
        file.write(bytes([0xA5]) * _PAGE)

    outcome = _run(tmp_path, f"[journal]\npath = '{path}'\n[sink]\ndiscard = true\n")

    assert outcome.returncode == 2
    assert f"{path}: damaged: move it aside, or `gridwatch journal restore`" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def _run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    settings = folder / "gridwatch.toml"
    settings.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "ingest", "run", "--settings", str(settings)],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
