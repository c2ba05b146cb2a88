"""The soak in short, and that it can fail."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.proof.mutation import Mutation
from tests.soak.kinds import KINDS, LANES
from tests.soak.schedule import schedule
from tests.soak.soak import soak
from tests.soak.stack import stack

SHORT = timedelta(seconds=20)
SEED = "7"
EARLY_PUBACK = Mutation(
    "acknowledges before the commit",
    "ingest/pipeline.py",
    "outcome = await self._commit(incoming.batch)\n            self.source.acknowledge(messages)",
    "self.source.acknowledge(messages)\n            "
    "await __import__('asyncio').sleep(0.3)\n            "
    "outcome = await self._commit(incoming.batch)",
    "readings lost",
)
DROPPED = (
    Mutation(
        "takes what Alertmanager did not take for told",
        "ingest/outlets/alertmanager_client.py",
        "raise unavailable(error) from None",
        'return ""',
        "not heard of",
    ),
    Mutation(
        "tells nothing again",
        "ingest/outlets/alertmanager.py",
        "if posted_at is None or not 0 <= now - posted_at < self._interval_ms:",
        "if posted_at is None:",
        "not heard of",
    ),
)


FEW = [
    *(each for each in KINDS if each.name == "kill"),
    *(each._replace(lasts_s=(6.0, 6.0)) for each in KINDS if each.name == "alertmanager down"),
]
"""What finds these defects out; a tank fills with gas every 4 s."""
PATIENCE_S = 5.0


@pytest.mark.servers
@pytest.mark.timeout(240)
async def test_whatever_befalls_the_stack_nothing_is_lost_and_nobody_is_told_twice(
    tmp_path: Path,
) -> None:
    async with stack(tmp_path) as servers:
        account = await soak(servers, schedule(SHORT, SEED), SEED)

    assert account.missed() == [], "\n".join(account.details())
    assert account.figures()["published"] > 5_000


@pytest.mark.servers
@pytest.mark.timeout(240)
async def test_a_service_is_found_out_that_loses_and_that_does_not_tell(tmp_path: Path) -> None:
    async with stack(tmp_path, (EARLY_PUBACK, *DROPPED)) as servers:
        account = await soak(servers, schedule(SHORT, SEED, FEW), SEED, PATIENCE_S)

    assert EARLY_PUBACK.complaint in "\n".join(account.missed())
    assert all(each.complaint in "\n".join(account.alerts.missed) for each in DROPPED)


def test_the_same_seed_gives_the_same_schedule_and_another_one_another() -> None:
    assert schedule(SHORT, "7") == schedule(SHORT, "7") != schedule(SHORT, "8")


@pytest.mark.parametrize("minutes", [0.1, 0.4, 2, 60])
@pytest.mark.parametrize("seed", ["7", "8", "9"])
def test_each_kind_of_fault_befalls_and_the_last_process_lives_for_half_of_the_time(
    minutes: float, seed: str
) -> None:
    length = timedelta(minutes=minutes)
    planned = schedule(length, seed)

    assert {each.kind for each in planned} == set(KINDS)
    for lane in LANES:
        starts = [each.at for each in planned if each.kind.lane == lane]
        assert max(starts) < length + timedelta(seconds=45)
    ends = [each.at for each in planned if each.kind.ends_process]
    assert max(ends) < max(each.at for each in planned) * 0.6 + timedelta(seconds=6)
