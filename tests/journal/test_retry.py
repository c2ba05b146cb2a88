"""Dead letters tried again, from the stage where they stopped."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.instant import iso_of
from ingest.demo.programs import LOOPBACK
from ingest.journal.batch import Batch, DeadLetter
from ingest.journal.refused_reading import dead_letter_of
from ingest.retry import Outcome, retry_all
from ingest.settings import InfluxSettings, JournalSettings, Settings, SinkSettings
from tests.journal.readings import (
    DAY,
    START,
    batch,
    letters_in,
    minutes_in,
    opened,
    reading,
)
from tests.sinks.faults import FaultyProxy

TOPIC = "gw/v1/water_meter/wm-1/up"


def _payload(minute: int, **fields: object) -> bytes:
    known = {
        "v": 1,
        "type": "telemetry",
        "device": "wm-1",
        "measured_at": iso_of(reading(minute).measured_at),
        "cumulative_m3": abs(minute) / 8,
    }
    return json.dumps({**known, **fields}).encode()


def _refused(payload: bytes, *, topic: str = TOPIC, withheld: bool = False) -> DeadLetter:
    return DeadLetter("decode", "defect", "", topic, payload, START + DAY, withheld=withheld)


async def _retried(path: Path, *letters: DeadLetter, sink: SinkSettings | None = None) -> Outcome:
    """Keep the letters beside the reading of minute 1, try all, return the last one's outcome."""
    async with opened(path) as journal:
        await journal.commit(Batch([reading(1)], dead_letters=list(letters)))
    settings = Settings(journal=JournalSettings(path=path), sink=sink or SinkSettings())
    outcomes = await retry_all(path, letters_in(path)[::-1], settings)
    return outcomes[-1]


CASES = {
    "a reading": (_refused(_payload(2)), True, "taken: 1 of 1 readings new", [1, 2]),
    "a repeat": (_refused(_payload(1)), True, "taken: 0 of 1 readings new", [1]),
    "a status": (
        _refused(b'{"v":1,"device":"wm-1","online":true}', topic="gw/v1/water_meter/wm-1/status"),
        True, "taken", [1],
    ),
    "still wrong": (_refused(b"{"), False, "refused again: not_json", [1]),
    "old when it came": (_refused(_payload(-41 * 1440)), False, "refused again: too_old", [1]),
    "withheld": (_refused(b'{"name":1}', withheld=True), False, "withheld", [1]),
    "a conflict": (
        dead_letter_of(reading(1, values={"cumulative_m3": 9.0}), "store", "conflict", ""),
        False, "contradicts a stored reading", [1],
    ),
    "a conflict with what is gone": (
        dead_letter_of(reading(3), "store", "conflict", ""),
        True, "taken: 1 of 1 readings new", [1, 3],
    ),
    "a sink that is not there": (
        dead_letter_of(reading(1), "sink:influx", "rejected", ""),
        False, "expected a sink influx in the settings", [1],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kept", "taken", "text", "stored"), CASES.values(), ids=CASES)
async def test_only_a_letter_that_is_taken_leaves(
    path: Path, kept: DeadLetter, text: str, stored: list[int], *, taken: bool
) -> None:
    outcome = await _retried(path, kept)

    assert outcome.taken == taken
    assert outcome.text.startswith(text)
    assert len(letters_in(path)) == (not taken)
    assert minutes_in(path) == stored


async def test_a_message_that_contradicts_moves_to_the_stage_where_it_is_refused_now(
    path: Path,
) -> None:
    outcome = await _retried(path, _refused(_payload(1, cumulative_m3=9)))

    (moved,) = letters_in(path)
    assert outcome.text.startswith("contradicts a stored reading")
    assert (moved.stage, moved.reason) == ("store", "conflict")


@pytest.fixture
async def proxy() -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(f"http://{LOOPBACK}:1") as proxy:
        yield proxy


@pytest.mark.parametrize(("status", "left", "requests"), [(204, 0, 2), (503, 2, 1), (400, 2, 1)])
async def test_a_sink_is_asked_again_and_once_it_is_away_no_more(
    path: Path, proxy: FaultyProxy, status: int, left: int, requests: int
) -> None:
    proxy.answer(status)
    influx = InfluxSettings(url=proxy.url, api="v1", bucket="gridwatch")
    letters = [dead_letter_of(reading(n), "sink:influx", "rejected", "") for n in (1, 2)]

    outcome = await _retried(path, *letters, sink=SinkSettings(influx=influx))

    assert outcome.taken == (left == 0)
    assert len(letters_in(path)) == left
    assert proxy.requests == requests + (status == 400)  # the probe: it is not the line's fault


async def test_retrying_beside_the_service_takes_nothing_from_it(path: Path) -> None:
    async with opened(path) as service:
        await service.commit(batch(range(10)))
        await service.forwarded("db", 10)
        outcome = await _retried(path, _refused(_payload(20)))
        await service.commit(batch([21]))
        waiting = [each.reading.measured_at for each in service.deliveries_after(10, 9)]

    assert outcome.taken
    assert waiting == [reading(20).measured_at, reading(21).measured_at]
