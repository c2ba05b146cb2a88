"""What becomes of readings that are committed."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from devices.message import Reply, StatusReport
from devices.reading import Reading, Values
from ingest.journal.batch import Batch
from ingest.journal.database import open_reader
from ingest.journal.history import Stretch, history, latest
from ingest.journal.journal import Journal
from ingest.journal.outgoing import newest
from tests.journal.readings import (
    MINUTE,
    START,
    batch,
    letters_in,
    minutes_in,
    numbers_in,
    opened,
    reading,
    rows_of,
)

FIRST: Values = {"cumulative_m3": 206.66, "rsrp_dbm": -97, "transmissions": 412, "flags": ""}


async def test_a_repeated_batch_changes_nothing_and_is_counted(
    journal: Journal, path: Path
) -> None:
    once = await journal.commit(batch(range(10)))
    again = await journal.commit(batch(range(10)))

    assert (once.stored, once.duplicates) == (Counter(water_meter=10), Counter())
    assert (again.stored, again.duplicates) == (Counter(), Counter(water_meter=10))
    assert minutes_in(path) == list(range(10))


async def test_numbers_have_no_gaps_whatever_is_repeated(journal: Journal, path: Path) -> None:
    await journal.commit(batch([1, 1, 2]))
    committed = await journal.commit(batch([2, 3, 1, 4, 3]))
    await journal.commit(batch([5]))

    assert (committed.stored.total(), committed.duplicates.total()) == (2, 3)
    assert minutes_in(path) == [1, 2, 3, 4, 5]
    assert numbers_in(path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("again", "is_repeat"),
    [
        (FIRST, True),
        ({**FIRST, "rsrp_dbm": -111, "transmissions": 413}, True),
        ({"cumulative_m3": 206.66, "flags": ""}, True),
        ({"cumulative_m3": 206.66}, True),
        ({"cumulative_m3": 206.66, "ecl": 2}, True),
        ({**FIRST, "cumulative_m3": 206.67}, False),
        ({**FIRST, "flags": "leak"}, False),
        ({"cumulative_m3": 206.66, "flow_m3h": 0.0}, False),
        ({"cumulative_m3": 0.0}, False),
    ],
)
async def test_only_another_value_or_a_new_one_contradicts_what_is_stored(
    journal: Journal, path: Path, again: Values, *, is_repeat: bool
) -> None:
    await journal.commit(Batch(readings=[reading(1, values=FIRST)]))
    committed = await journal.commit(Batch(readings=[reading(1, values=again)]))

    assert committed.stored.total() == 0
    assert committed.duplicates.total() == is_repeat
    assert len(committed.conflicts) == (not is_repeat)
    stored = _latest(path)
    assert stored
    assert stored.values == FIRST


async def test_a_contradicting_reading_becomes_a_dead_letter_once_however_often_it_comes(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch([1]))
    for later in range(3):
        contrary = reading(1, values={"cumulative_m3": 99.0})
        contrary = contrary._replace(received_at=contrary.received_at + later * MINUTE)
        await journal.commit(Batch(readings=[contrary]))

    (kept,) = letters_in(path)
    assert (kept.stage, kept.reason, kept.times) == ("store", "conflict", 3)
    assert kept.payload is not None
    assert b'"cumulative_m3":99.0' in kept.payload
    assert kept.topic == "gw/v1/water_meter/wm-1/up"


async def test_of_two_contradicting_readings_in_one_batch_the_first_is_stored(
    journal: Journal, path: Path
) -> None:
    contrary = reading(1, values={"cumulative_m3": 99.0})
    committed = await journal.commit(Batch(readings=[reading(1), contrary]))

    assert (committed.stored.total(), len(committed.conflicts)) == (1, 1)
    assert minutes_in(path) == [1]
    assert _latest(path) == reading(1)


async def test_two_kinds_may_share_a_name_and_an_instant(journal: Journal) -> None:
    door = reading(1)._replace(kind="door", values={"door_open": True})
    committed = await journal.commit(Batch(readings=[reading(1), door]))

    assert committed.stored == Counter(water_meter=1, door=1)


async def test_late_readings_are_stored_and_counted_also_after_a_restart(path: Path) -> None:
    async with opened(path) as journal:
        first = await journal.commit(batch([5, 6, 4, 6, 7, 1]))
    async with opened(path) as journal:
        second = await journal.commit(batch([3, 7, 8]))

    assert (first.stored.total(), first.late.total()) == (5, 2)
    assert (second.stored.total(), second.late.total()) == (2, 1)
    assert minutes_in(path) == [5, 6, 4, 7, 1, 3, 8]


async def test_latest_is_what_was_measured_last_and_history_is_in_the_order_of_measurement(
    journal: Journal, path: Path
) -> None:
    await journal.commit(batch([5, 9, 3, 7]))
    stretch = Stretch(START + 4 * MINUTE, START + 9 * MINUTE, 10)

    with closing(open_reader(path)) as reader:
        within = list(history(reader, "water_meter", "wm-1", stretch))
        newest_within = list(history(reader, "water_meter", "wm-1", stretch._replace(most=1)))
        committed_last = newest(reader, 2)

    assert _latest(path) == reading(9)
    assert within == [reading(5), reading(7)]
    assert newest_within == [reading(7)]
    assert committed_last == [reading(7), reading(3)]


async def test_values_come_back_as_they_were_with_their_types(journal: Journal, path: Path) -> None:
    values: Values = {
        "cumulative_m3": 0.1 + 0.2,
        "transmissions": 2**53,
        "snr_db": -0.0,
        "pressure_mpa": 5e-324,
        "flags": "leak,reverse",
    }
    await journal.commit(Batch(readings=[reading(1, values=values)]))

    stored = _latest(path)
    assert stored
    assert repr(stored.values) == repr(values)


async def test_the_status_that_arrived_last_stands_and_a_repeated_reply_changes_nothing(
    journal: Journal, path: Path
) -> None:
    reply = Reply("gas_monitor", "gm-1", "a-1", "done", None, START, START + 1)
    for online, at in ((True, START), (False, START + 2), (True, START + 1)):
        status = StatusReport("gas_monitor", "gm-1", online, at)
        await journal.commit(Batch(statuses=[status], replies=[reply]))

    assert rows_of(path, "SELECT online, status_at FROM device") == [(1, START + 1)]
    assert rows_of(path, "SELECT command, result FROM reply") == [("a-1", "done")]


async def test_a_device_is_seen_from_its_first_message_on(journal: Journal) -> None:
    before = journal.device_count()
    await journal.commit(batch([1], "wm-1"))
    await journal.commit(batch([1, 2], "wm-2"))

    assert (before, journal.device_count()) == (0, 2)


def _latest(path: Path) -> Reading | None:
    with closing(open_reader(path)) as reader:
        return latest(reader, "water_meter", "wm-1")
