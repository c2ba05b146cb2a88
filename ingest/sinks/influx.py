"""The sink that writes readings to a database of the InfluxDB family."""

from collections.abc import Sequence
from datetime import timedelta

from ingest.clock import Clock, pause
from ingest.sink import Delivery, Rejected
from ingest.sinks.line_protocol import line_of
from ingest.sinks.lines import LineWriter
from ingest.sinks.transport import Transport

_LINES_A_TURN = 500


class InfluxSink:
    """Writes batches in requests of at most `lines` lines."""

    def __init__(self, transport: Transport, lines: int, clock: Clock) -> None:
        self._writer = LineWriter(transport, lines, clock)

    async def write(self, batch: Sequence[Delivery]) -> Sequence[Rejected]:
        """Write the batch and return what the database will never take."""
        rejected = [Rejected(each, "no values") for each in batch if not each.reading.values]
        written = [each for each in batch if each.reading.values]
        refused = await self._writer.write(await _lines_of(written))
        return [*rejected, *(Rejected(written[place], why) for place, why in refused)]

    async def close(self) -> None:
        """Give back connections."""
        await self._writer.close()


async def _lines_of(batch: Sequence[Delivery]) -> Sequence[str]:
    """A turn of a few hundred lines holds the event loop for about a millisecond."""
    lines: list[str] = []
    for start in range(0, len(batch), _LINES_A_TURN):
        lines += map(line_of, batch[start : start + _LINES_A_TURN])
        await pause(timedelta())
    return lines
