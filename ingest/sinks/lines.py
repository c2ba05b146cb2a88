"""Lines on their way to a database of the InfluxDB family, and those it will never take.

Context: a database answers one status for thousands of lines, and the words beside it change with
every release. Decision: only the status decides. What may be a bad line (400, 413, 422) is halved
until it stands alone; everything else is tried again later. Before a line is given up, a probe that
any database must take shows that the lines are at fault and not the request or the settings.
Given up: the speed of reading the bad line out of the text; a bad line costs about 26 requests.
"""

import asyncio
import gzip
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from ingest.clock import Clock
from ingest.sink import SinkUnavailable
from ingest.sinks.retry_after import wait_of
from ingest.sinks.transport import Answer, Transport

WRITTEN = 204
"""The one status of success; a proxy's friendly page says 200."""
REFUSED = frozenset({400, 413, 422})
"""A line, or the size of the request, is not acceptable."""
PROBE = "gridwatch_probe"
"""The measurement of the line that no database has a reason to refuse."""

_LONGEST_WHY = 300
_SOURCE = re.compile(r"(?:[^\\ ]|\\.)*")
_TAG = re.compile(r"=((?:[^\\,]|\\.)+)")
_TEXT = re.compile(r'="((?:[^"\\]|\\.)+)"')
_BYTES_WORTH_A_THREAD = 16 * 1024


class RefusedLine(NamedTuple):
    """The place of a line that the database will never take, and its word for why."""

    place: int
    why: str


class LineWriter:
    """Writes lines in requests of at most `most`, and isolates those that are refused."""

    def __init__(self, transport: Transport, most: int, clock: Clock) -> None:
        self._transport = transport
        self._most = most
        self._clock = clock

    async def write(self, lines: Sequence[str]) -> list[RefusedLine]:
        """Write the lines and return what the database will never take.

        Raises SinkUnavailable when the outcome for any line is not known.
        """
        refused: list[RefusedLine] = []
        for start in range(0, len(lines), self._most):
            places = range(start, min(start + self._most, len(lines)))
            refusal = await self._refusal_of(lines, places)
            if refusal:
                await self._check_with_probe()
                refused += await self._narrowed(lines, places, refusal)
        return refused

    async def close(self) -> None:
        """Give back connections."""
        await self._transport.close()

    async def _narrowed(
        self, lines: Sequence[str], places: range, refusal: Answer
    ) -> list[RefusedLine]:
        if len(places) == 1:
            unquoted = refusal._replace(body=_without_values(refusal.body, lines[places[0]]))
            return [RefusedLine(places[0], why_of(unquoted))]
        refused: list[RefusedLine] = []
        middle = len(places) // 2
        for half in (places[:middle], places[middle:]):
            refusal_of_half = await self._refusal_of(lines, half)
            if refusal_of_half:
                refused += await self._narrowed(lines, half, refusal_of_half)
        return refused

    async def _check_with_probe(self) -> None:
        refusal = await self._refusal_of([f"{PROBE} ok=true {self._clock.now()}"], range(1))
        if refusal:
            raise SinkUnavailable(f"refuses any line: {why_of(refusal)}", self._wait(refusal))

    async def _refusal_of(self, lines: Sequence[str], places: range) -> Answer | None:
        """Return None if the lines of these places were written, else the answer that refused."""
        text = "\n".join(lines[places.start : places.stop])
        answer = await self._transport.post(await _packed(text.encode()))
        if answer.status == WRITTEN:
            return None
        if answer.status in REFUSED:
            return answer
        raise SinkUnavailable(why_of(answer), self._wait(answer))

    def _wait(self, answer: Answer) -> timedelta | None:
        return wait_of(answer.retry_after, self._clock.now())


def why_of(answer: Answer) -> str:
    """Return status and words of an answer, cut and without control characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in answer.body).split())
    return f"status {answer.status}: {words}"[:_LONGEST_WHY]


def _without_values(words: str, line: str) -> str:
    """Return an answer without the tags and texts of a line, which databases like to quote.

    Why a line was refused is shown and logged; whom it is about is not. Its numbers say nothing
    without that.
    """
    source = _SOURCE.match(line)
    ends = source.end() if source else 0
    values = {*_TAG.findall(line[:ends]), *_TEXT.findall(line, ends)}
    if not values:
        return words
    longest_first = map(re.escape, sorted(values, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])", "...", words)


async def _packed(body: bytes) -> bytes:
    """Level 1: level 9 costs five times the CPU for a body a quarter smaller."""
    if len(body) < _BYTES_WORTH_A_THREAD:
        return gzip.compress(body, 1, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, 1, mtime=0)
