"""Through real servers, whatever is killed meanwhile: each acknowledged reading is held once."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from devices.refusal import Reason
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from tests.proof.faults import kill, kills, restart, trouble
from tests.proof.ledger import Ledger
from tests.proof.planted import BAD
from tests.proof.proof import Proof, explained, tables
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.proof.traffic import Size, traffic
from tests.sinks.faults import FaultyProxy

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

SIZE = Size(clients=30, uploads=700, days=12, by_tool=60, bad=4)
PAIRS_OF_KILLS = 5
SEED = "exactly once"


def ledger(seed: str) -> Ledger:
    return Ledger(traffic(SIZE, MachineClock().now(), Random(seed)))


def test_a_bad_payload_of_each_reason_is_planted() -> None:
    assert {bad.reason for bad in BAD} == set(Reason)


def test_the_traffic_is_what_is_promised() -> None:
    plans = ledger(SEED).plans
    messages = [message for plan in plans.values() for message in plan]
    uploads = [message for message in messages if message.readings]
    held = [identity for upload in uploads for identity in upload.readings]
    days = [upload for upload in uploads if len(upload.readings) == 48]

    assert len(plans) > 30
    assert len({next(iter(each.readings)) for each in uploads if len(each.readings) == 1}) > 20_000
    assert len(days) > 50
    assert len(held) - len(set(held)) > 1_000, "repeats"
    assert sum(b < a for a, b in pairwise(held) if a.device == b.device) > 1_000, "out of order"
    assert len({message.letter for message in messages if message.letter}) > 80


async def test_influxdb_holds_each_acknowledged_reading_exactly_once(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    async with FaultyProxy(influxdb.url) as proxy:
        service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto, proxy.url))
        with explained(SEED, service, mosquitto, influxdb), service:
            proof = Proof(mosquitto, service, ledger(SEED), SEED)
            stores = (EmbeddedStore(service.journal), InfluxStore(influxdb))
            faults = (
                kill(service, proof.ledger, kills(PAIRS_OF_KILLS, Random(SEED))),
                restart(mosquitto, proof.ledger, 0.6),
                trouble(influxdb, proxy, proof.ledger, 0.15),
            )
            await proof.run(timedelta(milliseconds=230), faults, stores)
            proof.check(stores, kills=2 * PAIRS_OF_KILLS)


async def test_the_embedded_store_holds_each_acknowledged_reading_exactly_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    with explained(SEED, service, mosquitto), service:
        proof = Proof(mosquitto, service, ledger(SEED), SEED)
        stores = (EmbeddedStore(service.journal),)
        faults = (
            kill(service, proof.ledger, kills(PAIRS_OF_KILLS, Random(SEED))),
            restart(mosquitto, proof.ledger, 0.6),
        )
        await proof.run(timedelta(milliseconds=120), faults, stores)
        proof.check(stores, kills=2 * PAIRS_OF_KILLS)
