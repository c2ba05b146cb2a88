"""`gridwatch run`, `check` and `settings`."""

import asyncio
import gc
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import SettingsFile, refuse, settings_of
from ingest.clock import MachineClock
from ingest.configuration import SettingsError
from ingest.journal.database import JournalError
from ingest.logs import set_up_logs
from ingest.service import serve
from ingest.settings_table import settings_markdown

_LOG = logging.getLogger(__name__)


def run(settings: SettingsFile = None) -> None:
    """Run the service until SIGTERM or SIGINT."""
    loaded = settings_of(settings)
    set_up_logs(loaded.log)
    _collect_seldom()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(loaded, MachineClock()))
    except (SettingsError, JournalError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"can't start: {error}", 1)
    _LOG.info("stopped")


def check(
    file: Annotated[Path, typer.Argument(help="Settings file (TOML).")],
) -> None:
    """Say whether a settings file can be used, and what is wrong if not."""
    settings_of(file)
    print(f"{file}: good")  # noqa: T201


def settings() -> None:
    """Print every setting with its meaning, default and environment variable, as Markdown."""
    print(settings_markdown(), end="")  # noqa: T201


def _collect_seldom() -> None:
    """Look for unreachable cycles seldom.

    Readings make none, and looking after every 700 of them takes a sixth of the time of the path.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it exists: a third less CPU for each message."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 there is none on Windows

    return uvloop.Loop
