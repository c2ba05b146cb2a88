"""The terminal view as a page: what stands in a terminal, cell by cell, with its colours."""

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from ingest.clock import block, stopwatch

_LOOK_AGAIN = timedelta(milliseconds=200)
_ENDS_WITHIN_S = 15.0
_ANSI = (
    *((36, 41, 46), (248, 81, 73), (63, 185, 80), (210, 153, 34)),
    *((88, 166, 255), (188, 140, 255), (57, 197, 207), (201, 209, 217)),
)
_THEME = TerminalTheme((13, 17, 23), (201, 209, 217), list(_ANSI), list(_ANSI))
_PAGE = """<!doctype html>
<meta charset="utf-8">
<style>
  html {{ background: #0d1117; color: #c9d1d9 }}
  body {{ margin: 14px 16px }}
  pre {{ margin: 0; font: 15px/18px "DejaVu Sans Mono", "Noto Sans Mono CJK SC" }}
  i {{ display: inline-block; font: 1.13em/0 "Noto Sans Mono CJK SC"; width: 1.0655em }}
  i {{ font-weight: inherit }}
</style>
<pre>{cells}</pre>
"""
"""A wide character is as wide as two narrow ones, which are 0.602 em in DejaVu Sans Mono."""


class Terminal:
    """A program in a terminal of `columns` and `lines`, in tmux; it ends with the context."""

    def __init__(self, folder: Path, command: Sequence[str], columns: int, lines: int) -> None:
        self._tmux = ("tmux", "-u", "-S", str(folder / "tmux"), "-f", "/dev/null")
        size = ("-x", str(columns), "-y", str(lines))
        self._start = (*self._tmux, "new-session", "-d", *size, "--", *command)

    def __enter__(self) -> Self:
        subprocess.run(self._start, check=True, timeout=10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        began = stopwatch()
        self._asked("send-keys", "C-c")
        while self._asked("has-session") and stopwatch() - began < _ENDS_WITHIN_S:
            block(_LOOK_AGAIN)
        self._asked("kill-server")

    def _asked(self, *words: str) -> bool:
        """Return whether tmux did it; it ends with its last program."""
        command = (*self._tmux, *words)
        return not subprocess.run(command, check=False, timeout=10, capture_output=True).returncode

    def shown(self) -> str:
        """Return what stands there now, with the codes of its colours."""
        capture = (*self._tmux, "capture-pane", "-e", "-p")
        return subprocess.run(
            capture, check=True, timeout=10, capture_output=True, text=True
        ).stdout

    def shown_with(self, words: Sequence[str], within_s: float) -> str:
        """Return what stands there as soon as all the words do; TimeoutError."""
        began = stopwatch()
        while not all(each in (shown := self.shown()) for each in words):
            if stopwatch() - began > within_s:
                raise TimeoutError(f"the terminal did not show {words!r} within {within_s:g} s")
            block(_LOOK_AGAIN)
        return shown


def terminal_page(lines: Sequence[str]) -> str:
    """Return lines of a terminal, with the codes of their colours, as a page of HTML."""
    console = Console(width=500, color_system="truecolor", force_terminal=True)
    decoded = AnsiDecoder().decode("\n".join(lines))
    return _PAGE.format(cells="\n".join(_line(line, console) for line in decoded))


def _line(line: Text, console: Console) -> str:
    return "".join(_cells(segment) for segment in line.render(console))


def _cells(segment: Segment) -> str:
    cells = "".join(
        f"<i>{each}</i>" if cell_len(each) == 2 else escape(each) for each in segment.text
    )
    look = _look(segment.style or Style())
    return f'<span style="{look}">{cells}</span>' if look else cells


def _look(style: Style) -> str:
    parts = []
    if style.color is not None and not style.color.is_default:
        parts.append(f"color: {_hex(style.color)}")
    if style.bold:
        parts.append("font-weight: bold")
    if style.dim:
        parts.append("opacity: 0.65")
    return "; ".join(parts)


def _hex(color: Color) -> str:
    return color.get_truecolor(_THEME).hex
