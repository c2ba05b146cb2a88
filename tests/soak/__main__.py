"""`python -m tests.soak --minutes 2 --seed 7`: soak, print the ledger; the last line is JSON.

Exit code 1 if a requirement is missed, with what is missed on standard error.
"""

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tests.soak.account import Account
from tests.soak.schedule import schedule
from tests.soak.soak import soak
from tests.soak.stack import stack
from tests.soak.table import table_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=_minutes, default=2.0)
    parser.add_argument("--seed", default="7")
    parser.add_argument("--keep", type=Path, help="a folder to leave everything in")
    chosen = parser.parse_args(arguments)
    for name in (
        "asyncio",
        "mqtt",
        "aiohttp.server",
    ):  # the clients of the tests lose their connections, as is meant
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="gridwatch-soak-") as temporary:
        folder = chosen.keep or Path(temporary)
        account = asyncio.run(_soaked(folder, timedelta(minutes=chosen.minutes), chosen.seed))
        (folder / "events.txt").write_text("\n".join(account.events), encoding="utf-8")
        return _told(account)


async def _soaked(folder: Path, length: timedelta, seed: str) -> Account:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with stack(folder) as servers:
        return await soak(servers, schedule(length, seed), seed)


def _told(account: Account) -> int:
    missed = account.missed()
    sys.stdout.write(f"{table_of(account)}\n")
    for line in (*account.details(), *(f"missed: {each}" for each in missed)):
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    sys.stdout.write(f"{account.json()}\n")
    return 1 if missed else 0


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0.1 <= minutes <= 60:
        raise argparse.ArgumentTypeError(f"expected 0.1 to 60 minutes, not {text}")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
