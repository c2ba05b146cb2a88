"""The site of a benchmark: the one broker of the run, and folders for what is tried there."""

from dataclasses import dataclass
from pathlib import Path

from ingest.demo.programs import Mosquitto


@dataclass(slots=True)
class Site:
    """A broker, and a folder in which each service that is tried has its own."""

    broker: Mosquitto
    folder: Path
    tried: int = 0

    def next_folder(self) -> Path:
        """Return a folder that no service has used."""
        self.tried += 1
        return self.folder / f"service-{self.tried}"
