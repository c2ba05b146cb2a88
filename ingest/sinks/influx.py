"""The sink that writes to a database of the InfluxDB family.

Context: a database answers one status for thousands of lines, and the words beside it change with
every release. Decision: only the status decides. What may be a bad line (400, 413, 422) is halved
until it stands alone; everything else is tried again later. Before a line is given up, a probe that
any database must take shows that the lines are at fault and not the request or the settings.
Given up: the speed of reading the bad line out of the text; a bad line costs about 26 requests.
"""

import asyncio
import gzip
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from ingest.clock import Clock, pause
from ingest.sink import Delivery, Rejected, SinkUnavailable
from ingest.sinks.line_protocol import line_of
from ingest.sinks.retry_after import wait_of
from ingest.sinks.transport import Answer, Transport

WRITTEN = 204
"""The one status of success; a proxy's friendly page says 200."""
REFUSED = frozenset({400, 413, 422})
"""A line, or the size of the request, is not acceptable."""
PROBE = "gridwatch_probe"
"""The measurement of the line that no database has a reason to refuse."""

_LINES_A_TURN = 500
_LONGEST_WHY = 300
_BYTES_WORTH_A_THREAD = 16 * 1024


class _Lines(NamedTuple):
    deliveries: Sequence[Delivery]
    texts: Sequence[str]

    def part(self, start: int, end: int) -> "_Lines":
        return _Lines(self.deliveries[start:end], self.texts[start:end])


class InfluxSink:
    """Writes batches in requests of at most `lines` lines, and isolates those that are refused."""

    def __init__(self, transport: Transport, lines: int, clock: Clock) -> None:
        self._transport = transport
        self._most = lines
        self._clock = clock

    async def write(self, batch: Sequence[Delivery]) -> Sequence[Rejected]:
        """Write the batch and return what the database will never take."""
        rejected = [Rejected(each, "no values") for each in batch if not each.reading.values]
        lines = await _lines_of([each for each in batch if each.reading.values])
        for start in range(0, len(lines.texts), self._most):
            request = lines.part(start, start + self._most)
            refusal = await self._refusal_of(request.texts)
            if refusal:
                await self._check_with_probe()
                rejected += await self._narrowed(request, refusal)
        return rejected

    async def close(self) -> None:
        """Give back connections."""
        await self._transport.close()

    async def _narrowed(self, refused: _Lines, refusal: Answer) -> Sequence[Rejected]:
        count = len(refused.texts)
        if count == 1:
            return [Rejected(refused.deliveries[0], _why(refusal))]
        rejected: list[Rejected] = []
        for half in (refused.part(0, count // 2), refused.part(count // 2, count)):
            refusal_of_half = await self._refusal_of(half.texts)
            if refusal_of_half:
                rejected += await self._narrowed(half, refusal_of_half)
        return rejected

    async def _check_with_probe(self) -> None:
        refusal = await self._refusal_of([f"{PROBE} ok=true {self._clock.now()}"])
        if refusal:
            raise SinkUnavailable(f"refuses any line: {_why(refusal)}", self._wait(refusal))

    async def _refusal_of(self, lines: Sequence[str]) -> Answer | None:
        """Return None if the lines were written, the answer if they were refused."""
        answer = await self._transport.post(await _packed("\n".join(lines).encode()))
        if answer.status == WRITTEN:
            return None
        if answer.status in REFUSED:
            return answer
        raise SinkUnavailable(_why(answer), self._wait(answer))

    def _wait(self, answer: Answer) -> timedelta | None:
        return wait_of(answer.retry_after, self._clock.now())


async def _lines_of(batch: Sequence[Delivery]) -> _Lines:
    """A turn of a few hundred lines holds the event loop for about a millisecond."""
    texts: list[str] = []
    for start in range(0, len(batch), _LINES_A_TURN):
        texts += map(line_of, batch[start : start + _LINES_A_TURN])
        await pause(timedelta())
    return _Lines(batch, texts)


async def _packed(body: bytes) -> bytes:
    """Level 1: level 9 costs five times the CPU for a body a quarter smaller."""
    if len(body) < _BYTES_WORTH_A_THREAD:
        return gzip.compress(body, 1, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, 1, mtime=0)


def _why(answer: Answer) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in answer.body).split())
    return f"status {answer.status}: {words}"[:_LONGEST_WHY]
