"""The outlet to a database of the InfluxDB family: one point for each transition."""

import logging

from ingest.journal.alert_outgoing import changes_behind, told_after
from ingest.journal.journal import Journal
from ingest.outlets.alert_line import alert_line
from ingest.outlets.outlet import PAGE, Count
from ingest.sinks.lines import LineWriter

_LOG = logging.getLogger(__name__)


class InfluxOutlet:
    """Writes transitions in order, behind a cursor; the same point written again is the same."""

    name = "influx"

    def __init__(self, writer: LineWriter, journal: Journal) -> None:
        self._writer = writer
        self._journal = journal
        self._cursor = journal.delivered_to(self.name)

    @property
    def done_to(self) -> int:
        """The last transition that is written."""
        return self._cursor

    @property
    def backlog(self) -> int:
        """How many transitions are not written yet."""
        return self._journal.read(changes_behind, self._cursor)

    async def step(self, sent: Count) -> bool:
        """Write the next transitions, and move the cursor behind them.

        What the database will never take is logged and left out: the journal has it still.
        """
        page = self._journal.read(told_after, self._cursor, PAGE)
        if not page:
            return False
        refused = await self._writer.write([alert_line(told) for told in page])
        for place, why in refused:
            _LOG.error("outlet:influx: transition %d is refused: %s", page[place].seq, why)
        await self._journal.delivered(self.name, page[-1].seq)
        self._cursor = page[-1].seq
        sent(len(page) - len(refused))
        return len(page) == PAGE

    async def close(self) -> None:
        """Give back connections."""
        await self._writer.close()
