"""A small recording: two homes, one of which is silent for three days, with a repeat."""

from pathlib import Path

from ingest.simulate.recording import HEADER

LINES = (
    "home-1;01/03/2016 08:00:00;1000;0",
    "home-1;01/03/2016 09:00:00;1010;10",
    "home-1;01/03/2016 09:00:00;1010;0",
    "home-1;04/03/2016 10:00:00;1200;190",
    "home-1;04/03/2016 11:00:00;1200;0",
    "home-2;02/03/2016 08:00:00;1;0",
    "home-2;03/03/2016 08:00:00;20;19",
    "home-2;05/03/2016 08:00:00;30;10",
)


def write(folder: Path) -> Path:
    """Write the recording and return its file."""
    file = folder / "readings.csv"
    file.write_text("\n".join((HEADER, *LINES, "")), encoding="utf-8")
    return file
