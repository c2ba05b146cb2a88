"""`gridwatch run`, `check`, `settings` and `metrics`."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import FAILED, SettingsFile, refuse, settings_of
from ingest.clock import Clock, MachineClock
from ingest.coherence import warnings
from ingest.configuration import SETTINGS_VARIABLE, SettingsError
from ingest.http import PortTaken
from ingest.journal.database import JournalError
from ingest.logs import set_up_logs
from ingest.metrics_table import metrics_markdown
from ingest.preflight import doubts, exposures, faults
from ingest.registry import RegistryError
from ingest.service import serve
from ingest.settings_table import settings_markdown

_LOG = logging.getLogger(__name__)


def run(settings: SettingsFile = None) -> None:
    """Run the service until SIGTERM or SIGINT."""
    run_by(MachineClock(), settings)


def run_by(clock: Clock, settings: Path | None) -> None:
    """Run the service by a clock; what it can't be run with ends it with the reason."""
    loaded = settings_of(settings)
    _refuse_if_any(faults(loaded))
    set_up_logs(loaded.log)
    for warning in (*warnings(loaded), *doubts(loaded), *exposures(loaded, settings)):
        _LOG.warning("%s", warning)
    os.umask(0o077)
    _collect_seldom()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(loaded, clock))
    except (SettingsError, JournalError, RegistryError) as error:
        refuse(str(error))
    except PortTaken as error:
        refuse(str(error), FAILED)
    finally:
        _leave_memory_as_it_is()
    _LOG.info("stopped")


def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            envvar=SETTINGS_VARIABLE,
            help="Settings file (TOML); without it, only the environment is looked at.",
        ),
    ] = None,
) -> None:
    """Say whether settings can be used, and what is wrong if not; nothing is connected.

    The environment counts as it does for `run`. Files that are named must be there and be what
    they are named for. Exit code 2 if something is wrong; a warning alone is 0.
    """
    loaded = settings_of(file)
    _refuse_if_any(f"{file or 'environment'}: {fault}" for fault in faults(loaded))
    for warning in (*warnings(loaded), *doubts(loaded), *exposures(loaded, file)):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(f"{file or 'environment'}: good")


def settings() -> None:
    """Print every setting with its meaning, default and environment variable, as Markdown."""
    typer.echo(settings_markdown(), nl=False)


def metrics() -> None:
    """Print every metric with its type, labels and meaning, as Markdown."""
    typer.echo(metrics_markdown(), nl=False)


def _refuse_if_any(found: Iterable[str]) -> None:
    text = "\n".join(found)
    if text:
        refuse(text)


def _collect_seldom() -> None:
    """Look for unreachable cycles seldom.

    Readings make none, and looking after every 700 of them takes a sixth of the time of the path.
    """
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


def _leave_memory_as_it_is() -> None:
    """Let the process end without taking apart what it holds.

    Context: at the end the interpreter looks through all objects for cycles and frees them one by
    one; with a million subjects that took longer than all else of the stop, up to half a minute.
    Decision: what is alive when all parts are closed is left to the system. Files, connections and
    the journal are closed by then; logs and standard output are flushed as ever.
    Given up: ending by `os._exit`, which flushes nothing and hides what was left open.
    """
    gc.freeze()


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it exists: a third less CPU for each message."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 there is none on Windows

    return uvloop.Loop
