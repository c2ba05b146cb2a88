"""A progress bar on a terminal; silent where standard error is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import Progress

Advance: TypeAlias = Callable[[int], None]


@contextmanager
def bar(said: str, total: int) -> Iterator[Advance]:
    """Show a bar while the context lasts; what it gives is called with each number of steps.

    Nothing else should be printed meanwhile.
    """
    console = Console(stderr=True)
    with Progress(
        console=console,
        transient=True,
        redirect_stdout=False,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(said, total=total)
        yield lambda steps: progress.advance(task, steps)
