"""`python -m ingest.demo.service SETTINGS PACE...`: the service by the clock of a demonstration."""

import sys
from pathlib import Path

from ingest.cli.service import run_by
from ingest.demo.pace import pace_of

if __name__ == "__main__":
    settings, *words = sys.argv[1:]
    run_by(pace_of(words).of_service(), Path(settings))
