"""The narrowing against a database in memory, which knows what it refuses."""

import gzip
import json
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from devices.instant import Instant
from ingest.clock import MachineClock
from ingest.sink import SinkUnavailable
from ingest.sinks.influx import InfluxSink
from ingest.sinks.lines import PROBE
from ingest.sinks.transport import Answer
from tests.sinks.deliveries import AREA, deliveries, delivery

NOW = 1_760_000_000_000
PERSON = "p-0123456789abcdef"


class Memory:
    """A database that refuses requests by its own rule and keeps the rest."""

    def __init__(self, refuses: Callable[[list[str]], Answer | None]) -> None:
        self.lines: list[str] = []
        self.requests: list[int] = []
        self._refuses = refuses

    async def post(self, lines: bytes) -> Answer:
        texts = gzip.decompress(lines).decode().split("\n")
        self.requests.append(len(texts))
        refusal = self._refuses(texts)
        if refusal:
            return refusal
        self.lines += texts
        return Answer(204, None, "")

    async def close(self) -> None:
        pass


class StoppedClock(MachineClock):
    def now(self) -> Instant:
        return NOW


def _sink(memory: Memory, lines: int = 5_000) -> InfluxSink:
    return InfluxSink(memory, lines, StoppedClock())


def _refuses_numbers(bad: Iterable[int], status: int = 400) -> Callable[[list[str]], Answer | None]:
    times = {str(delivery(number).reading.measured_at) for number in bad}

    def refuses(lines: list[str]) -> Answer | None:
        named = any(line.rsplit(" ", 1)[1] in times for line in lines if PROBE not in line)
        return Answer(status, None, "partial write") if named else None

    return refuses


async def test_a_batch_is_split_into_requests_of_at_most_the_lines_set() -> None:
    memory = Memory(lambda _: None)

    assert not await _sink(memory, lines=400).write(deliveries(1_000))

    assert memory.requests == [400, 400, 200]


async def test_an_empty_batch_sends_nothing() -> None:
    memory = Memory(lambda _: None)

    assert not await _sink(memory).write([])

    assert memory.requests == []


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize(
    "bad",
    [{0}, {999}, {500}, {0, 1}, {3, 499, 500, 998}, set(range(100, 120)), set(range(1_000))],
    ids=lambda bad: f"{len(bad)} from {min(bad)}",
)
async def test_only_bad_lines_are_rejected_and_every_other_is_written(
    bad: set[int], status: int
) -> None:
    memory = Memory(_refuses_numbers(bad, status))

    rejected = await _sink(memory, lines=300).write(deliveries(1_000))

    assert [each.delivery.seq for each in rejected] == sorted(bad)
    written = {int(line.rsplit(" ", 1)[1]) for line in memory.lines if PROBE not in line}
    good = [number for number in range(1_000) if number not in bad]
    assert written == {delivery(number).reading.measured_at for number in good}


async def test_one_bad_line_of_five_thousand_costs_less_than_thirty_requests() -> None:
    memory = Memory(_refuses_numbers({1_234}))

    await _sink(memory).write(deliveries(5_000))

    assert len(memory.requests) < 30


async def test_a_database_that_refuses_the_probe_rejects_no_line() -> None:
    memory = Memory(lambda _: Answer(400, "7", "no such precision"))

    with pytest.raises(SinkUnavailable) as refusal:
        await _sink(memory).write(deliveries(50))

    assert memory.requests == [50, 1]
    assert refusal.value.retry_after == timedelta(seconds=7)


async def test_a_reading_without_values_is_rejected_and_not_sent() -> None:
    memory = Memory(lambda _: None)

    rejected = await _sink(memory).write([delivery(1), delivery(2, {}), delivery(3)])

    assert [each.delivery.seq for each in rejected] == [2]
    assert memory.requests == [2]


@pytest.mark.parametrize(
    "status", [100, 200, 201, 202, 301, 302, 401, 403, 404, 405, 408, 409, 429, 500, 502, 503, 504]
)
async def test_any_other_status_means_again_later(status: int) -> None:
    memory = Memory(lambda _: Answer(status, None, "<html>"))

    with pytest.raises(SinkUnavailable, match=str(status)):
        await _sink(memory).write([delivery(1)])


async def test_the_word_of_the_database_is_cut_and_has_no_control_characters() -> None:
    def refuses(lines: list[str]) -> Answer | None:
        return None if PROBE in lines[0] else Answer(400, None, "bad\r\nline\x1b[31m" + "x" * 5_000)

    rejected = await _sink(Memory(refuses)).write([delivery(1)])

    assert rejected[0].why.startswith("status 400: bad line [31mxxx")
    assert len(rejected[0].why) == 300


QUOTING: dict[str, Callable[[str], object]] = {
    "1.x": lambda line: {"error": f"unable to parse '{line}': invalid number"},
    "2.x": lambda line: {"code": "invalid", "message": f"unable to parse '{line}': bad timestamp"},
    "3.x": lambda line: {
        "error": "partial write of line protocol occurred",
        "data": [{"original_line": line, "line_number": 1, "error_message": "invalid column type"}],
    },
}
"""How databases answer to a line that they do not understand, in their own words."""


@pytest.mark.parametrize("release", QUOTING)
async def test_why_a_line_is_refused_does_not_say_whom_it_is_about(release: str) -> None:
    def refuses(lines: list[str]) -> Answer | None:
        if any(PROBE in line for line in lines):
            return None
        return Answer(400, None, json.dumps(QUOTING[release](lines[0])))

    bad = delivery(1, {"event": "opened", "person": PERSON, "battery_v": 3.5}, kind="door")
    said = await _sink(Memory(refuses)).write([bad])

    (why,) = (each.why for each in said)
    assert [word for word in (PERSON, "wm-1", "opened", AREA) if word in why] == []
    assert why.startswith("status 400: ")
    assert "door,device=...,district=..." in why
    assert "battery_v=3.5" in why
