"""Opening the file: who may read it, and what is refused with which words."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest

from ingest.journal.database import (
    APPLICATION_ID,
    VERSION,
    JournalError,
    open_reader,
    open_writer,
    passing_failures,
)
from tests.journal.readings import batch, minutes_in, opened, rows_of


async def test_only_the_owner_may_read_the_journal_and_what_stands_beside_it(path: Path) -> None:
    async with opened(path) as journal:
        await journal.commit(batch([1]))

        modes = {each.name: S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}

    assert modes == {f"journal.db{end}": 0o600 for end in ("", "-wal", "-shm")}


def test_a_commit_returns_after_the_log_is_on_the_disk(path: Path) -> None:
    full = 2
    with closing(open_writer(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (full,)


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "a?mode=ro#b.db", "抄表.db"])
async def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path / name) as journal:
        await journal.commit(batch([1]))

    assert _names_in(tmp_path) == [name]
    assert minutes_in(tmp_path / name) == [1]


async def test_the_file_is_closed_clean_and_is_what_it_was_when_opened_again(path: Path) -> None:
    for minute in range(3):
        async with opened(path) as journal:
            await journal.commit(batch([minute]))
        assert _names_in(path.parent) == [path.name]

    assert minutes_in(path) == [0, 1, 2]


def _names_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _newer(path: Path) -> None:
    database = open_writer(path)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()


def _foreign(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE songs (title TEXT)")
    database.execute("PRAGMA user_version = 1")
    database.close()


def _damaged(path: Path) -> None:
    open_writer(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "newer": (_newer, f"schema version {VERSION + 1}, this program knows {VERSION}: use the"),
    "foreign": (_foreign, "the database of another program: name another file"),
    "text": (lambda path: path.write_text("no journal " * 999), "not a journal, nor any SQLite"),
    "damaged": (_damaged, "damaged: move it aside"),
    "folder": (Path.mkdir, "can't be"),
}


@pytest.mark.parametrize(("spoil", "words"), UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("open_", [open_writer, open_reader])
def test_what_is_no_journal_of_ours_is_refused_and_left_alone(
    path: Path,
    spoil: Callable[[Path], object],
    words: str,
    open_: Callable[[Path], sqlite3.Connection],
) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""

    words = words if open_ is open_writer or path.is_file() else "can't be opened"
    with pytest.raises(JournalError, match=re.escape(words)) as refusal:
        open_(path)

    assert str(path) in str(refusal.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_journal_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="can't be made or written"):
        open_writer(tmp_path / "none" / "journal.db")


@pytest.mark.parametrize("there", [False, True])
def test_reading_makes_no_journal(path: Path, *, there: bool) -> None:
    if there:
        path.touch()

    with pytest.raises(JournalError, match="gridwatch run"):
        open_reader(path)

    assert path.exists() == there


def test_two_processes_may_make_the_same_journal_at_once(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ingest.journal.database import open_writer;"
        "sys.stdin.readline(); open_writer(Path(sys.argv[1])).close()"
    )
    makers = [
        subprocess.Popen([sys.executable, "-c", program, path], stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for maker in makers:
        assert maker.stdin
        maker.stdin.write(b"\n")
        maker.stdin.flush()
    for maker in makers:
        maker.communicate()

    assert [maker.returncode for maker in makers] == [0, 0, 0, 0]
    assert rows_of(path, "SELECT count(*) FROM meta") == [(1,)]
    assert rows_of(path, "PRAGMA application_id") == [(APPLICATION_ID,)]


def test_damage_found_while_it_runs_ends_the_process_with_what_to_do(path: Path) -> None:
    database = open_writer(path)
    root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'device'").fetchone()
    database.close()
    with path.open("r+b") as file:
        file.seek((root[0] - 1) * 4096)
        file.write(b"\xff" * 4096)

    with pytest.raises(JournalError, match="damaged: move it aside"), passing_failures():
        rows_of(path, "SELECT * FROM device")
