"""The progress of a run on a terminal; silent where standard error is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from devices.instant import Instant, iso_of
from ingest.clock import pause
from ingest.simulate.publisher import Publisher

_REFRESH = timedelta(milliseconds=250)


@asynccontextmanager
async def shown(publisher: Publisher, end: Instant | None) -> AsyncIterator[None]:
    """Show a bar while the context lasts: simulated time, messages, connections, lag."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        total = None if end is None else end - publisher.reached
        bar = progress.add_task("connecting", total=total)
        refreshing = asyncio.create_task(_refresh(progress, bar, publisher))
        try:
            yield
        finally:
            refreshing.cancel()


async def _refresh(progress: Progress, bar: TaskID, publisher: Publisher) -> None:
    begin = publisher.reached
    while True:
        tally = publisher.tally
        said = (
            f"{iso_of(publisher.reached)[:16]}  {tally.messages:,} messages"
            f"  {publisher.connected}/{publisher.connections} connected"
            f"  {publisher.behind_s:,.0f} s behind"
        )
        progress.update(bar, description=said, completed=publisher.reached - begin)
        await pause(_REFRESH)
