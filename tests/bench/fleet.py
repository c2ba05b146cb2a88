"""`make bench-fleet`: one process simulates 100,000 devices; the last line is its JSON summary."""

import subprocess
import sys
import tempfile
from pathlib import Path

from ingest.demo.programs import Mosquitto

_LIMIT_S = 300


def main() -> int:
    """Run `gridwatch simulate run` against a private broker, and return its exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="gridwatch-fleet-") as folder,
        Mosquitto(Path(folder) / "mosquitto") as broker,
    ):
        command = [
            sys.executable, "-m", "ingest", "simulate", "run", "--port", str(broker.port),
            "--homes", "90000", "--doors", "8000", "--gas", "2000",
            "--since", "1h", "--duration", "10m", "--speed", "600",
        ]  # fmt: skip
        return subprocess.run(command, timeout=_LIMIT_S, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
