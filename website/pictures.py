"""The pictures of the documents: the view of `make run`, and the start page of the site.

`python -m website.pictures PICTURE [PAGE]` writes the picture of a page of the site, or of the
terminal, with Chromium, which needs no display.
"""

import subprocess
import sys
from itertools import dropwhile
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from website.terminal import Terminal, terminal_page

LARGEST = 300_000
"""Bytes of a picture."""
COLUMNS, LINES = 110, 44
_TOLD = ("seen by its effect", "Ctrl-C ends")
"""What has happened by then, and the end of what is drawn."""
_WITHIN_S = 120.0
_CHROMIUM = (
    *(
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-lcd-text",
        "--hide-scrollbars",
    ),
    *("--force-device-scale-factor=1", "--virtual-time-budget=5000"),
)


def photograph(page: Path, size: tuple[int, int], picture: Path) -> None:
    """Write a page as a picture; ValueError if it is too large, CalledProcessError."""
    width, height = size
    look = (f"--window-size={width},{height}", f"--screenshot={picture}")
    subprocess.run(
        (*_CHROMIUM, *look, page.resolve().as_uri()), check=True, timeout=60, capture_output=True
    )
    if picture.stat().st_size > LARGEST:
        raise ValueError(f"{picture}: {picture.stat().st_size} bytes, expected at most {LARGEST}")


def photograph_terminal(picture: Path) -> None:
    """Write the view of `make run` as a picture, in the middle of what happens to a tank."""
    command = (sys.executable, "-m", "ingest", "demo", "--seconds", "90")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Terminal(folder, command, COLUMNS, LINES) as terminal:
            shown = terminal.shown_with(_TOLD, _WITHIN_S)
        lines = from_a_beginning(shown)
        page = folder / "terminal.html"
        page.write_text(terminal_page(lines), encoding="utf-8")
        photograph(page, (1034, 18 * len(lines) + 28), picture)


def from_a_beginning(shown: str) -> list[str]:
    """Return the lines without those at the top that go on with what is no longer seen."""
    return list(dropwhile(lambda line: Text.from_ansi(line).plain[:1] == " ", shown.splitlines()))


def main(picture: Path, page: Path | None) -> None:
    """Write the picture of a page, or of the terminal."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    if page is None:
        photograph_terminal(picture)
    else:
        photograph(page, (1280, 860), picture)
    sys.stdout.write(f"{picture}: {picture.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
