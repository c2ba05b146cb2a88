"""Real Alertmanagers that restart, were away, and go by labels."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from devices.instant import Instant
from ingest.clock import MachineClock, pause
from ingest.demo.programs import Alertmanager
from ingest.health import Health
from ingest.metrics import Metrics
from ingest.outlets.alertmanager_client import AlertmanagerClient
from ingest.outlets.outlet import Courier
from tests.alerts.gas import CRITICAL, RULE, WARNING, placed
from tests.journal.readings import START, rows_of
from tests.outlets.hook import Hook, amtool, held, notified, until
from tests.outlets.incident import CLEAR, MINUTE, Incident, MovedClock, in_maintenance, incident

pytestmark = pytest.mark.servers
RAISE = ((0, WARNING), (10, WARNING))
SUBJECT = "gas_monitor/gm-1"
HOUR_MS = 60 * MINUTE
SHORT_S = 0.4
"""An interval after four of which, without a post, an alert is taken for over."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def later() -> Instant:
    """What moves the readings so that the last of them was measured just now."""
    return MachineClock().now() - 7 * MINUTE - START


@asynccontextmanager
async def telling(
    here: Incident,
    server: Alertmanager,
    clock: MachineClock | None = None,
    *,
    every_s: float = 60.0,
) -> AsyncIterator[Health]:
    """An outlet at work meanwhile."""
    clock = clock or MachineClock()
    client = AlertmanagerClient(server.url, clock, timeout_s=2.0)
    outlet = here.outlet(client, clock, every_s)
    health = Health()
    task = asyncio.create_task(Courier(outlet, timedelta(seconds=0.2)).run(Metrics(), health))
    try:
        yield health
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await client.close()


async def test_an_alert_appears_stays_while_it_is_told_and_resolves(
    path: Path, alertmanager: Alertmanager, later: Instant
) -> None:
    async with incident(path, placed("gm-1"), later=later) as here:
        await here.measures(*RAISE)
        async with telling(here, alertmanager, every_s=SHORT_S):
            await until(lambda: held(alertmanager) == [(SUBJECT, "warning")])
            assert amtool(alertmanager, "street=500103003") == [RULE.name]
            assert amtool(alertmanager, "street=500103004") == []
            await pause(timedelta(seconds=5 * SHORT_S))
            assert held(alertmanager) == [(SUBJECT, "warning")]
        await until(lambda: held(alertmanager) == [])
        async with telling(here, alertmanager):
            await until(lambda: held(alertmanager) == [(SUBJECT, "warning")])
            await here.measures(*CLEAR)
            await until(lambda: held(alertmanager) == [])


async def test_a_step_of_severity_leaves_only_the_new_one_and_maintenance_none(
    path: Path, alertmanager: Alertmanager, later: Instant
) -> None:
    async with incident(path, placed("gm-1"), later=later) as here:
        await here.measures(*RAISE)
        async with telling(here, alertmanager):
            await until(lambda: held(alertmanager) == [(SUBJECT, "warning")])
            await here.measures((20, CRITICAL), (30, CRITICAL))
            await until(lambda: held(alertmanager) == [(SUBJECT, "critical")])
    long = START + later + 24 * 60 * MINUTE
    async with (
        incident(path, in_maintenance(long, "gm-1", "gm-2"), later=later) as here,
        telling(here, alertmanager),
    ):
        await here.measures((40, CRITICAL))
        await here.measures(*RAISE, device="gm-2")
        await until(lambda: held(alertmanager) == [])


async def test_one_that_restarts_with_nothing_hears_again_what_fires(
    path: Path, alertmanager: Alertmanager, later: Instant
) -> None:
    async with incident(path, later=later) as here:
        await here.measures(*RAISE)
        async with telling(here, alertmanager, every_s=1.0) as health:
            await until(lambda: held(alertmanager) == [(SUBJECT, "warning")])
            alertmanager.kill()
            shutil.rmtree(alertmanager.folder / "data")
            await here.measures(*RAISE, device="gm-2")
            await until(lambda: "outlet:alertmanager:test" in health.troubles)
            alertmanager.start()
            both = [(SUBJECT, "warning"), ("gas_monitor/gm-2", "warning")]
            await until(lambda: held(alertmanager) == both)
            await until(lambda: health.troubles == {})


@pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS], ids=["behind", "ahead"])
async def test_it_hears_of_what_fires_whatever_our_clock_shows(
    path: Path, alertmanager: Alertmanager, later: Instant, by_ms: int
) -> None:
    async with incident(path, later=later) as here:
        await here.measures(*RAISE)
        async with telling(here, alertmanager, MovedClock(by_ms)):
            await until(lambda: held(alertmanager) == [(SUBJECT, "warning")])


async def test_nobody_is_told_that_it_ended_because_our_clock_was_set_back(
    path: Path, tmp_path: Path, later: Instant
) -> None:
    hook, clock = Hook(), MovedClock()
    server = Alertmanager(tmp_path / "hooked", hook.url)
    async with hook.listening(), incident(path, later=later) as here:
        await here.measures(*RAISE)
        with server:
            async with telling(here, server, clock, every_s=SHORT_S):
                await until(lambda: notified(server) == 1)
                clock.by = -HOUR_MS
                await pause(timedelta(seconds=5 * SHORT_S))
                assert hook.heard == [("firing", "warning")]


@pytest.mark.parametrize(
    ("away_min", "expected"),
    [(14, [("firing", "warning"), ("resolved", "warning")]), (16, [("firing", "warning")])],
)
async def test_one_that_was_down_as_it_ended_hears_of_it_within_fifteen_minutes(
    path: Path, tmp_path: Path, later: Instant, away_min: int, expected: list[tuple[str, str]]
) -> None:
    hook = Hook()
    clock = MovedClock()
    server = Alertmanager(tmp_path / "hooked", hook.url)
    async with hook.listening(), incident(path, later=later) as here:
        await here.measures(*RAISE)
        with server:
            async with telling(here, server, clock):
                await until(lambda: notified(server) == 1)
        await here.measures(*CLEAR)
        ((ended_at,),) = rows_of(path, "SELECT told_at FROM alert")
        clock.by = ended_at + away_min * MINUTE - MachineClock().now()
        with server:
            outlet = here.outlet(client := AlertmanagerClient(server.url, clock), clock)
            await here.tell(outlet)
            await client.close()
            await until(lambda: notified(server) == len(expected) - 1)

    assert hook.heard == expected
    assert here.sent == [1] * (len(expected) - 1)
