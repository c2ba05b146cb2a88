"""The proof fails when the service has a defect that loses, changes or keeps what it must not."""

from datetime import timedelta
from os import pathsep
from pathlib import Path
from random import Random

import pytest

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.proof.faults import kill, kills, refuse
from tests.proof.ledger import Ledger
from tests.proof.mutation import Mutation, copy_of_ingest, mutate
from tests.proof.proof import Proof, explained, tables
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.proof.traffic import Size, traffic
from tests.sinks.faults import FaultyProxy

pytestmark = pytest.mark.servers

SIZE = Size(clients=6, uploads=150, days=2, by_tool=5, bad=1)
SEED = "mutations"
BREATH = timedelta(milliseconds=100)

MUTATIONS = (
    Mutation(
        "acknowledges before the commit",
        "pipeline.py",
        "outcome = await self._commit(incoming.batch)\n            "
        "self.source.acknowledge(messages)",
        "self.source.acknowledge(messages)\n            "
        "await __import__('asyncio').sleep(0.3)\n            "
        "outcome = await self._commit(incoming.batch)",
        "embedded store: .* missing",
    ),
    Mutation(
        "asks the broker for a new session",
        "mqtt/greeting.py",
        "clean_start=False",
        "clean_start=True",
        "embedded store: .* missing",
    ),
    Mutation(
        "lets the later of two uploads of an instant win",
        "journal/reading_table.py",
        "DO NOTHING",
        r"DO UPDATE SET \"values\" = excluded.\"values\"",
        "embedded store: .* of other values",
    ),
    Mutation(
        "keeps personal data",
        "journal/dead_letters.py",
        "None if letter.withheld else letter.payload",
        "letter.payload",
        "personal data in",
    ),
)
GIVES_UP = Mutation(
    "gives a batch up that the database does not take",
    "forwarder.py",
    "await self._backoff.wait(error.retry_after)",
    "return ()",
    "InfluxDB: .* missing",
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `ingest` that child processes take instead of the real one."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "copy"), prepend=pathsep)
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    return copy_of_ingest(tmp_path / "copy")


def proof_of(service: Gridwatch, broker: Mosquitto) -> Proof:
    plans = traffic(SIZE, MachineClock().now(), Random(SEED))
    return Proof(broker, service, Ledger(plans), SEED)


async def run_of_the_embedded_form(folder: Path, broker: Mosquitto) -> Proof:
    service = Gridwatch(folder / "gridwatch", tables(broker))
    with explained(SEED, service, broker), service:
        proof = proof_of(service, broker)
        faults = (kill(service, proof.ledger, kills(1, Random(SEED))),)
        await proof.run(BREATH, faults, (EmbeddedStore(service.journal),))
    return proof


async def test_a_copy_of_the_service_without_a_defect_is_right(
    tmp_path: Path, mosquitto: Mosquitto, package: Path
) -> None:
    proof = await run_of_the_embedded_form(tmp_path, mosquitto)

    proof.check((EmbeddedStore(proof.service.journal),), kills=2)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
async def test_a_service_is_found_out_that(
    mutation: Mutation, tmp_path: Path, mosquitto: Mosquitto, package: Path
) -> None:
    mutate(package, mutation)

    proof = await run_of_the_embedded_form(tmp_path, mosquitto)

    with pytest.raises(AssertionError, match=mutation.complaint):
        proof.check((EmbeddedStore(proof.service.journal),), kills=2)


async def test_a_service_is_found_out_that_gives_a_batch_up(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB, package: Path
) -> None:
    mutate(package, GIVES_UP)
    stores = (InfluxStore(influxdb),)

    async with FaultyProxy(influxdb.url) as proxy:
        service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto, proxy.url))
        with explained(SEED, service, mosquitto, influxdb), service:
            proof = proof_of(service, mosquitto)
            await proof.run(BREATH, (refuse(proxy, proof.ledger, 0.5),), stores)

    with pytest.raises(AssertionError, match=GIVES_UP.complaint):
        proof.check(stores, kills=0)
