"""The stack: real servers, proxies, the web hook, and the service as a copy with a plug-in."""

import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from devices.instant import milliseconds_of
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Alertmanager, InfluxDB, Mosquitto
from tests.outlets.hook import Hook
from tests.proof.fans import SHORT_PURGE
from tests.proof.mutation import Mutation, copy_of_the_service, mutate
from tests.proof.proof import tables
from tests.sinks.faults import FaultyProxy
from tests.soak import clocked

SMALL_CACHES = Mutation(
    "keeps 4 MiB of the journal at hand instead of 64",
    "ingest/journal/database.py",
    "_CACHE_KIB = 65_536",
    "_CACHE_KIB = 4_096",
    "",
)
"""They are full after the warm-up: what grows after it is no cache."""
_GAUGE = Path(__file__).parent / "gauge"
_INTERVAL_S = 5
"""Between posts to Alertmanager: what it forgot as it was restarted it hears again by then."""
_AHEAD_S = 3 * 3600
"""A service an hour behind takes what devices say for the future: such readings are dead letters
by the default of 300 s, which is meant. Here none must be refused."""


class ClockedGridwatch(Gridwatch):
    """The service by a clock that can be set wrong."""

    def __init__(self, folder: Path, settings: Mapping[str, Mapping[str, object]]) -> None:
        super().__init__(folder, settings)
        self._offset = folder / "offset"

    def arguments(self) -> Sequence[str]:
        settings = super().arguments()[-1]
        if not self._offset.exists():
            self._offset.write_bytes(clocked.FORM.pack(0))
        return ("-P", clocked.__file__, settings, str(self._offset))

    def set_wrong(self, by: timedelta) -> None:
        """Let the clock jump to what it must not show, or back to what it must."""
        with self._offset.open("r+b") as file:
            file.write(clocked.FORM.pack(milliseconds_of(by)))


@dataclass(frozen=True, slots=True)
class Stack:
    """The servers, all running."""

    broker: Mosquitto
    database: InfluxDB
    proxy: FaultyProxy
    alertmanager: Alertmanager
    hook: Hook
    service: ClockedGridwatch


@asynccontextmanager
async def stack(folder: Path, defects: Sequence[Mutation] = ()) -> AsyncIterator[Stack]:
    """Run everything in the folder; the service is a copy with these defects, if any.

    A fan purges for 4 s in it instead of 15 min, so that each is stopped as well, and the journal's
    caches are small.
    """
    hook = Hook()
    with (
        pytest.MonkeyPatch.context() as environment,
        Mosquitto(folder / "mosquitto") as broker,
        InfluxDB(folder / "influxdb") as database,
        Alertmanager(folder / "alertmanager", hook.url) as alertmanager,
    ):
        copy = copy_of_the_service(folder / "copy", environment)
        shutil.copytree(_GAUGE, copy / "devices" / "kinds" / "soak_gauge")
        for each in (SHORT_PURGE, SMALL_CACHES, *defects):
            mutate(copy, each)
        database.create_database("gridwatch")
        async with hook.listening(), FaultyProxy(database.url) as proxy:
            settings = _settings(broker, proxy, alertmanager)
            with ClockedGridwatch(folder / "gridwatch", settings) as service:
                yield Stack(broker, database, proxy, alertmanager, hook, service)


def _settings(
    broker: Mosquitto, proxy: FaultyProxy, alertmanager: Alertmanager
) -> Mapping[str, Mapping[str, object]]:
    base = tables(broker, proxy.url)
    return {
        **base,
        "batch": {"messages": 500, "linger_ms": 2},
        "accept": {"ahead_s": _AHEAD_S},
        "sink.influx": {**base["sink.influx"], "timeout_s": 2},
        "outlet.alertmanager": {
            "urls": [alertmanager.url],
            "interval_s": _INTERVAL_S,
            "timeout_s": 2,
            "longest_backoff_s": 1,
        },
    }
