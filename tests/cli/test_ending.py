"""How the process of the service ends."""

import subprocess
import sys
from pathlib import Path

_LIMIT_S = 60.0
_ENDING = """
import os
from ingest.cli import service
from ingest.clock import MachineClock

class Held:
    def __init__(self):
        self.itself = self

    def __del__(self, write=os.write):
        write(1, b"taken apart\\n")

async def serve(settings, clock):
    Held()

service.serve = serve
print("said before the end")
service.run_by(MachineClock(), None)
"""


def test_what_is_held_at_the_end_is_not_taken_apart_and_what_was_said_is_not_lost(
    tmp_path: Path,
) -> None:
    """To take a million subjects apart, one by one, took longer than all else of the stop."""
    ended = subprocess.run(
        [sys.executable, "-c", _ENDING],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=True,
    )

    assert ended.stdout == "said before the end\n"
    assert ended.stderr.splitlines()[-1].endswith("stopped")
