"""Through real servers, whatever is killed meanwhile: each gas build-up starts its fan once."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Mosquitto
from tests.proof.befalling import Faults, run
from tests.proof.fans import SHORT_LIFE, SHORT_PURGE, FanAccount, slow_outbox
from tests.proof.mutation import Mutation, copy_of_the_service, mutate
from tests.proof.proof import explained, tables
from tests.proof.tanks import Monitor

pytestmark = pytest.mark.servers

SECOND = 1_000
_AWAY = timedelta(seconds=2)
_FOR_LONGER = timedelta(seconds=4.5)
"""Longer than an order lasts and its retry may be late, with what `SHORT_LIFE` makes of them."""

NEW_IDENTITY = Mutation(
    "sends a command under another identity when it sends it again",
    "ingest/command_rows.py",
    '"id": command.identity,',
    """"id": f"{command.identity}-{__import__('secrets').token_hex(4)}",""",
    "commands done that nobody ordered",
)


SENDS_LATE = (
    Mutation(
        "sends what has expired",
        "ingest/outbox.py",
        "return [each for each in queued if each.expires_at > now]",
        "return queued",
        "commands heard too late",
    ),
    Mutation(
        "lets nothing expire",
        "ingest/outbox.py",
        "if due is None or due > now:",
        "if due is None or due >= 0:",
        "commands heard too late",
    ),
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages with a short purge and a slow outbox."""
    folder = copy_of_the_service(tmp_path / "copy", monkeypatch)
    mutate(folder, SHORT_PURGE)
    mutate(folder, slow_outbox(1.0))
    return folder


def monitors(number: int, apart_ms: int) -> list[Monitor]:
    """Return monitors whose gas builds up one after the other, and one whose gas does not."""
    first_at = MachineClock().now() + SECOND
    return [
        *(Monitor(f"tank-{each}", first_at + each * apart_ms) for each in range(number)),
        Monitor("tank-calm"),
    ]


async def test_a_fan_is_started_and_stopped_once_for_each_build_up_of_gas(
    tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    plain, started, high, parted, stopped, calm = tanks = monitors(5, 5 * SECOND // 2)
    plain.repeats = started.mute = stopped.mute = True
    account = FanAccount(service.journal, tanks)
    faults = Faults(service, mosquitto, account)
    with explained("none", service, mosquitto), service:
        befalling = (
            faults.kill(started.hears["fan_start"].is_set),
            faults.kill(account.order_waits(high)),
            faults.part(account.order_waits(parted), _AWAY),
            faults.kill(stopped.hears["fan_stop"].is_set),
        )
        await run(account.monitors, mosquitto.port, befalling, account.settled)
        service.stop()

    assert account.wrong() == []
    assert _heard_twice(started)["fan_start"] == 1, "killed between publishing and marking"
    assert _heard_twice(stopped)["fan_stop"] == 1, "killed between publishing and marking"
    assert (high.device, "fan_start") in faults.unsent, "killed before publishing"
    tries = {(each.device, each.command): each.attempts for each in account.commands()}
    assert tries[parted.device, "fan_start"] > 1, "no broker when it was due"
    assert calm.heard == []
    unanswered = {each.device for each in account.commands() if each.answered_at is None}
    assert unanswered == {started.device, stopped.device}, "no answer"


async def test_a_service_is_found_out_that_sends_a_command_under_another_identity_again(
    tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    mutate(copy, NEW_IDENTITY)
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    (tank, _) = tanks = monitors(1, SECOND)
    account = FanAccount(service.journal, tanks)
    faults = Faults(service, mosquitto, account)
    with explained("none", service, mosquitto), service:
        killed = faults.kill(tank.hears["fan_start"].is_set)
        await run(account.monitors, mosquitto.port, (killed,), lambda: len(tank.heard) > 1)

    assert NEW_IDENTITY.complaint in "\n".join(account.wrong())
    assert [each.command.command for each in tank.done] == ["fan_start", "fan_start"]


@pytest.mark.parametrize("defects", [(), SENDS_LATE], ids=["sound", "sends what has expired"])
async def test_a_service_that_was_away_for_longer_than_a_command_lasts_is_found_out_if_it_sends_it(
    defects: Sequence[Mutation], tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    for mutation in (*SHORT_LIFE, *defects):
        mutate(copy, mutation)
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    (tank, _) = tanks = monitors(1, SECOND)
    tank.falls_silent = True
    account = FanAccount(service.journal, tanks)
    faults = Faults(service, mosquitto, account)
    with explained("none", service, mosquitto), service:
        killed = faults.kill(account.order_waits(tank), _FOR_LONGER)
        await run(account.monitors, mosquitto.port, (killed,), account.nothing_waits)

    assert all(each.complaint in "\n".join(account.wrong()) for each in defects)
    assert (tank.device, "fan_start") in faults.unsent
    assert len(tank.heard) == len(defects[:1])
    assert tank.done == []


def _heard_twice(monitor: Monitor) -> Counter[str]:
    """Return how many commands of each name came more than once."""
    times = Counter(each.command.id for each in monitor.heard)
    names = {each.command.id: each.command.command for each in monitor.heard}
    return Counter(names[each] for each in times if times[each] > 1)
