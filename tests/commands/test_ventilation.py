"""A tank, a real broker and the service: gas rises, the fan runs, gas falls, each order once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingest.demo.programs import Mosquitto
from tests.commands.plant import SECOND, Plant, plant

pytestmark = pytest.mark.servers
_ALERTS = "SELECT rule, state FROM alert ORDER BY rule"
_PROVEN = [("fan_start", "done", True), ("fan_stop", "done", True)]


@pytest.fixture
async def here(tmp_path: Path, mosquitto: Mosquitto) -> AsyncIterator[Plant]:
    async with plant(tmp_path, mosquitto.port) as found:
        yield found


async def test_gas_rises_the_fan_is_started_gas_falls_the_fan_is_stopped_and_all_is_proven(
    here: Plant,
) -> None:
    async with here.service() as service:
        await here.run(service, 60)

    start, stop = here.obeyed
    assert (start.command, stop.command) == ("fan_start", "fan_stop")
    assert stop.second - start.second >= 15 * 60
    assert here.commands() == _PROVEN
    assert here.rows(_ALERTS) == [("gas_level_h2s", "resolved")]


async def test_restarts_and_repeated_readings_start_the_fan_once(here: Plant) -> None:
    for until_minute in (10, 22, 22.1, 22.2, 22.3, 23, 24, 30, 37, 37.2, 37.3, 38, 60):
        async with here.service() as service:
            await here.tank.repeat()
            await here.settle(service)
            await here.run(service, until_minute)

    assert [each.command for each in here.obeyed] == ["fan_start", "fan_stop"]
    assert len(here.tank.told) == 2
    assert here.commands() == _PROVEN


async def test_a_service_that_was_off_for_longer_than_a_command_lasts_sends_nothing_late(
    here: Plant,
) -> None:
    async with here.service() as service:
        while not here.commands():
            await here.step(service, sends=False)
    ((late,),) = here.rows("SELECT identity FROM command")
    here.clock.instant += 10 * SECOND
    async with here.service() as service:
        await here.settle(service)
        assert here.tank.told == []
        assert here.commands() == [("fan_start", "expired", False)]
        await here.run(service, 30)

    (start,) = here.obeyed
    assert start.command == "fan_start"
    assert start.id != late
