"""`python clocked.py SETTINGS OFFSET`: the service by a clock that jumps when it is told to.

The file OFFSET holds by how many milliseconds it is wrong, as 8 bytes; it is there before and may
change at any time. Waiting goes by the event loop, as with the machine's clock.
"""

import mmap
import struct
import sys
from pathlib import Path

import typer

from devices.instant import Instant
from ingest.cli.service import run_by
from ingest.clock import MachineClock

FORM = struct.Struct("<q")


class WrongClock(MachineClock):
    """The machine's clock, wrong by what a file holds at the moment."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as opened:
            self._offset = mmap.mmap(opened.fileno(), FORM.size, access=mmap.ACCESS_READ)

    def now(self) -> Instant:
        """Return the wrong time."""
        (wrong_by,) = FORM.unpack_from(self._offset)
        return super().now() + int(wrong_by)


if __name__ == "__main__":
    try:
        run_by(WrongClock(Path(sys.argv[2])), Path(sys.argv[1]))
    except typer.Exit as end:
        sys.exit(end.exit_code)
