"""Whose silence it was: ours, or the device's."""

from pathlib import Path

from ingest.hearing import Hearing
from rules.catalogue import catalogue
from rules.moment import Outage
from tests.alerts.gas import GOOD, SECOND, batch, changes_in, gas, room
from tests.journal.readings import START

MINUTE = 60
SILENT = catalogue()["gas_silent"]
"""Warns after 10 minutes."""


def spans(hearing: Hearing) -> list[tuple[int, int]]:
    return [(start // SECOND, end // SECOND) for start, end in hearing.outages]


def looked(hearing: Hearing, *, hears: range, deaf: range) -> None:
    for second in range(max(hears.stop, deaf.stop)):
        if second in hears or second in deaf:
            hearing.look(second * SECOND, hears=second in hears and second not in deaf)


def test_an_outage_lasts_until_what_waited_has_had_time_to_come() -> None:
    hearing = Hearing(None)

    looked(hearing, hears=range(200), deaf=range(100, 110))

    assert spans(hearing) == [(99, 120)]


def test_a_restart_is_an_outage_and_those_before_are_kept() -> None:
    before = Hearing(None)
    looked(before, hears=range(200), deaf=range(100, 110))

    after = Hearing(before.word)
    looked(after, hears=range(300, 320), deaf=range(0))

    assert spans(after) == [(99, 120), (199, 310)]


def test_what_is_kept_is_bounded() -> None:
    hearing = Hearing(None)
    for number in range(300):
        start = number * 100
        looked(hearing, hears=range(start, start + 60), deaf=range(start, start + 5))

    assert len(hearing.outages) <= 101
    assert hearing.outages[-1].end_at > 29_900 * SECOND
    assert Hearing(hearing.word).outages[:-1] == hearing.outages


async def test_devices_are_not_blamed_for_what_the_service_could_not_hear(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with room(path, (SILENT,)) as here:
        await here.judging.commit(batch(gas(0, GOOD)))
        await here.at(2 * MINUTE)

    async with room(path, (SILENT,)) as here:
        for second in range(30 * MINUTE, 38 * MINUTE, 5):
            await here.at(second)
        assert changes_in(path) == []
        for second in range(38 * MINUTE, 39 * MINUTE, 5):
            await here.at(second)

    ((_, transition, second),) = changes_in(path)
    assert transition == "raised"
    assert 38 * MINUTE <= second <= 38 * MINUTE + 15


def test_the_present_outage_has_no_end() -> None:
    hearing = Hearing(None)
    hearing.look(START, hears=True)
    hearing.look(START + SECOND, hears=False)

    assert hearing.outages == (Outage(START, 1 << 62),)
