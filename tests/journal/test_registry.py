"""The registry comes in as a whole or not at all, and reaches what is forwarded."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ingest.journal.database import JournalUnavailable, open_writer, passing_failures
from ingest.journal.journal import Journal
from ingest.registry import Placed, RegistryError, import_registry, read_registry
from tests.journal.readings import batch

HEADER = "kind,device,area\n"
GOOD = "water_meter,wm-1,500103\n"

REFUSED = {
    "": "line 1: expected the columns kind,device,area",
    "device,kind,area\n": "line 1: expected the columns",
    HEADER + "water_meter,wm-1\n": "line 2: expected 3 columns, found 2",
    HEADER + GOOD + "lamp,l-1,500103\n": "line 3: kind: expected one of",
    HEADER + "door,d 1,500103\n": "line 2: device: expected",
    HEADER + "door,,500103\n": "line 2: device: expected",
    HEADER + "door,d-1,5001031\n": "line 2: area: expected a code of 6, 9, 12, 14 or 15 digits",
    HEADER + "door,d-1,５００１０３\n": "line 2: area: expected",
    HEADER + "door,d-1,500103\n\n" + "door,d-1,500104\n": "line 4: device: already on line 2",
    HEADER + '"' + "x" * 200_000 + '",d-1,500103\n': "line 2: expected CSV: field larger",
}


@pytest.mark.parametrize(("text", "complaint"), REFUSED.items(), ids=map(str, range(len(REFUSED))))
def test_a_file_with_a_fault_is_refused_with_line_column_and_what_was_expected(
    text: str, complaint: str
) -> None:
    with pytest.raises(RegistryError, match=re.escape(complaint)):
        read_registry(text.splitlines(keepends=True))


def test_every_fault_is_told_up_to_twenty() -> None:
    lines = [HEADER, *(f"lamp,l {number},1\n" for number in range(10))]

    with pytest.raises(RegistryError) as refusal:
        read_registry(lines)

    told = str(refusal.value).splitlines()
    assert told[0].startswith("line 2: kind")
    assert told[20:] == ["and 10 more"]


@pytest.mark.parametrize(
    "text", [HEADER + GOOD, "\ufeff" + HEADER + "\n" + GOOD.replace("\n", "\r\n")]
)
def test_blank_lines_and_what_spreadsheets_add_are_passed_over(text: str) -> None:
    assert read_registry(text.splitlines(keepends=True)) == [
        Placed("water_meter", "wm-1", "500103")
    ]


async def test_areas_reach_what_is_forwarded_from_then_on(journal: Journal, path: Path) -> None:
    await journal.commit(batch([1], "wm-1"))
    await journal.commit(batch([1], "wm-2"))
    rows = [Placed("water_meter", f"wm-{number}", "500103001") for number in (2, 3)]
    with closing(open_writer(path)) as beside:
        placed = import_registry(beside, rows)
        again = import_registry(beside, [rows[0]._replace(area="500104")])
    await journal.commit(batch([2], "wm-3"))

    areas = {each.reading.device: each.area for each in journal.deliveries_after(0, 9)}
    assert (placed, again) == (2, 1)
    assert areas == {"wm-1": None, "wm-2": "500104", "wm-3": "500103001"}
    assert journal.area_of("water_meter", "wm-2") == "500104"
    assert journal.area_of("door", "wm-2") is None


async def test_a_device_that_is_only_placed_has_not_been_seen(journal: Journal, path: Path) -> None:
    with closing(open_writer(path)) as beside:
        import_registry(beside, [Placed("door", f"d-{number}", "500103") for number in range(9)])
    await journal.commit(batch([1]))

    assert journal.device_count() == 1


def test_an_import_that_fails_in_the_middle_places_nothing(path: Path) -> None:
    good = Placed("door", "d-1", "500103")
    with closing(open_writer(path)) as database, closing(open_writer(path)) as other:
        with pytest.raises(sqlite3.IntegrityError):
            import_registry(database, [good, good._replace(kind=None)])  # type: ignore[arg-type]
        other.execute("PRAGMA busy_timeout = 0")
        database.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnavailable), passing_failures():
            import_registry(other, [good])
        database.execute("ROLLBACK")

        assert database.execute("SELECT count(*) FROM device").fetchone() == (0,)
        assert import_registry(other, [good]) == 1
