"""The proof fails when the service has a defect that loses, changes or keeps what it must not."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeAlias

import pytest

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.proof.alerts import AlertAccount
from tests.proof.faults import Victim, kills, refuse
from tests.proof.incidents import Trouble, incidents
from tests.proof.ledger import Ledger
from tests.proof.mutation import FORGETS_DWELLINGS, Mutation, copy_of_the_service, mutate
from tests.proof.proof import Fault, Proof, explained, register, tables
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.proof.traffic import Size, traffic
from tests.sinks.faults import FaultyProxy

pytestmark = pytest.mark.servers

SIZE = Size(clients=6, uploads=150, days=2, by_tool=5, bad=1)
NO_TROUBLE = Trouble(gateways=0, devices=0, patient=0)
TROUBLE = Trouble(gateways=2, devices=1, patient=0)
CARE = Trouble(gateways=2, devices=0, patient=0, dwellings=2)
SEED = "mutations"
BREATH = timedelta(milliseconds=100)

Faults: TypeAlias = Callable[[Victim, AlertAccount], Iterable[Fault]]


class Trial(NamedTuple):
    """What befalls a service with incidents.

    Batches that wait for company hold incidents, whichever of them fails. Without patient devices
    nothing is waited for.
    """

    faults: Faults
    linger_ms: int = 0
    patient: int = 4
    trouble: Trouble = TROUBLE


MUTATIONS = (
    Mutation(
        "acknowledges before the commit",
        "ingest/pipeline.py",
        "outcome = await self._commit(incoming.batch)\n            "
        "self.source.acknowledge(messages)",
        "self.source.acknowledge(messages)\n            "
        "await __import__('asyncio').sleep(0.3)\n            "
        "outcome = await self._commit(incoming.batch)",
        "embedded store: .* missing",
    ),
    Mutation(
        "asks the broker for a new session",
        "ingest/mqtt/greeting.py",
        "clean_start=False",
        "clean_start=True",
        "embedded store: .* missing",
    ),
    Mutation(
        "lets the later of two uploads of an instant win",
        "ingest/journal/reading_table.py",
        "DO NOTHING",
        r"DO UPDATE SET \"values\" = excluded.\"values\"",
        "embedded store: .* of other values",
    ),
    Mutation(
        "keeps personal data",
        "ingest/journal/dead_letters.py",
        "None if letter.withheld else letter.payload",
        "letter.payload",
        "personal data in",
    ),
)
KEEPS_IN_MEMORY = Mutation(
    "keeps in memory what was not committed",
    "ingest/judging.py",
    "self._engine.discard()",
    "pass",
    "alerts (missing|other than without faults)",
)
OWN_TRANSACTION = Mutation(
    "writes alerts in a transaction of their own",
    "ingest/journal/journal.py",
    "            if fresh.readings or fresh.doubted or fresh.replies:\n"
    "                self._follow(judgement(fresh))\n",
    "            follows = judgement(fresh)\n"
    "        await __import__('asyncio').sleep(0.3)\n"
    "        async with self._transaction():\n"
    "            self._follow(follows)\n",
    "alerts missing",
)
FORGETS_TIMERS = Mutation(
    "forgets the timers at its start",
    "rules/engine.py",
    "Timers(store.deadlines())",
    "Timers()",
    "alerts missing",
)
GIVES_UP = Mutation(
    "gives a batch up that the database does not take",
    "ingest/forwarder.py",
    "await self._backoff.wait(error.retry_after)",
    "return ()",
    "InfluxDB: .* missing",
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages that child processes take instead of the real ones."""
    return copy_of_the_service(tmp_path / "copy", monkeypatch)


def proof_of(service: Gridwatch, broker: Mosquitto, trouble: Trouble = NO_TROUBLE) -> Proof:
    now = MachineClock().now()
    injected = incidents(trouble, now, Random(SEED))
    plans = {**traffic(SIZE, now, Random(SEED)), **injected.plans}
    account = AlertAccount(service.journal, injected.told, injected.registry)
    register(service.journal, injected.registry)
    return Proof(broker, service, Ledger(plans), account, SEED)


async def run_of_the_embedded_form(folder: Path, broker: Mosquitto) -> Proof:
    service = Gridwatch(folder / "gridwatch", tables(broker))
    proof = proof_of(service, broker)
    with explained(SEED, service, broker), service:
        faults = (Victim(service, proof.ledger).kill(kills(1, Random(SEED))),)
        await proof.run(BREATH, faults, (EmbeddedStore(service.journal),))
    return proof


async def run_with_incidents(folder: Path, broker: Mosquitto, trial: Trial) -> Proof:
    batch = {"messages": 200, "linger_ms": trial.linger_ms}
    service = Gridwatch(folder / "gridwatch", {**tables(broker), "batch": batch})
    proof = proof_of(service, broker, replace(trial.trouble, patient=trial.patient))
    if not trial.patient:
        proof = replace(proof, patience=BREATH)
    with explained(SEED, service, broker), service:
        befalling = trial.faults(Victim(service, proof.ledger), proof.alerts)
        await proof.run(BREATH / 2, befalling, (EmbeddedStore(service.journal),))
    return proof


def a_kill_before_it_is_judged(victim: Victim, account: AlertAccount) -> Iterator[Fault]:
    yield victim.kill_when(account.lags)


def a_kill_in_a_hold(victim: Victim, account: AlertAccount) -> Iterator[Fault]:
    yield victim.kill_when(account.waits)


def a_kill_while_somebody_is_missed(victim: Victim, account: AlertAccount) -> Iterator[Fault]:
    yield victim.kill_when(account.misses_somebody)


def full_disks(victim: Victim, _: AlertAccount) -> Iterator[Fault]:
    yield from map(victim.fill_disk, (0.2, 0.5, 0.8))


def a_kill_and_a_full_disk(victim: Victim, account: AlertAccount) -> Iterator[Fault]:
    yield victim.fill_disk(0.2)
    yield from a_kill_in_a_hold(victim, account)


async def test_a_copy_of_the_service_without_a_defect_is_right(
    tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    proof = await run_of_the_embedded_form(tmp_path, mosquitto)

    proof.check((EmbeddedStore(proof.service.journal),), kills=2)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
async def test_a_service_is_found_out_that(
    mutation: Mutation, tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    mutate(copy, mutation)

    proof = await run_of_the_embedded_form(tmp_path, mosquitto)

    with pytest.raises(AssertionError, match=mutation.complaint):
        proof.check((EmbeddedStore(proof.service.journal),), kills=2)


async def test_a_copy_of_the_service_without_a_defect_tells_what_was_injected(
    tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    proof = await run_with_incidents(tmp_path, mosquitto, Trial(a_kill_and_a_full_disk))

    proof.check((EmbeddedStore(proof.service.journal),), kills=1)


@pytest.mark.parametrize(
    ("mutation", "trial"),
    [
        pytest.param(
            OWN_TRANSACTION, Trial(a_kill_before_it_is_judged, patient=0), id=OWN_TRANSACTION.name
        ),
        pytest.param(FORGETS_TIMERS, Trial(a_kill_in_a_hold), id=FORGETS_TIMERS.name),
        pytest.param(
            FORGETS_DWELLINGS._replace(complaint="alerts missing"),
            Trial(a_kill_while_somebody_is_missed, patient=0, trouble=CARE),
            id=FORGETS_DWELLINGS.name,
        ),
        pytest.param(KEEPS_IN_MEMORY, Trial(full_disks, 200, 0), id=KEEPS_IN_MEMORY.name),
    ],
)
async def test_a_service_is_found_out_by_its_alerts_that(
    mutation: Mutation, trial: Trial, tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    mutate(copy, mutation)

    proof = await run_with_incidents(tmp_path, mosquitto, trial)

    assert re.search(mutation.complaint, "\n".join(proof.alerts.wrong()))


async def test_a_service_is_found_out_that_gives_a_batch_up(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB, copy: Path
) -> None:
    mutate(copy, GIVES_UP)
    stores = (InfluxStore(influxdb),)

    async with FaultyProxy(influxdb.url) as proxy:
        service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto, proxy.url))
        proof = proof_of(service, mosquitto)
        with explained(SEED, service, mosquitto, influxdb), service:
            await proof.run(BREATH, (refuse(proxy, proof.ledger, 0.5),), stores)

    with pytest.raises(AssertionError, match=GIVES_UP.complaint):
        proof.check(stores, kills=0)
