"""Through real servers, whatever is killed meanwhile: each acknowledged reading is held once.

And each incident is told once, with the time when it began: by what came before the kill and after.
"""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from devices.refusal import Reason
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import InfluxDB, Mosquitto
from ingest.registry.tables import DEVICES
from rules.severity import Severity
from tests.proof.alerts import AlertAccount
from tests.proof.faults import Victim, kills, restart, trouble
from tests.proof.incidents import Injected, Trouble, incidents
from tests.proof.ledger import Ledger
from tests.proof.planted import BAD
from tests.proof.proof import Proof, explained, register, tables
from tests.proof.stores import EmbeddedStore, InfluxStore
from tests.proof.traffic import Size, traffic
from tests.sinks.faults import FaultyProxy

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]

SIZE = Size(clients=30, uploads=700, days=12, by_tool=60, bad=4)
TROUBLE = Trouble(gateways=4, devices=2, patient=6, dwellings=3)
PAIRS_OF_KILLS = 5
SEED = "exactly once"


def all_of(seed: str) -> Injected:
    """Return the traffic with the incidents in it."""
    now = MachineClock().now()
    injected = incidents(TROUBLE, now, Random(seed))
    return injected._replace(plans={**traffic(SIZE, now, Random(seed)), **injected.plans})


def proof_of(service: Gridwatch, broker: Mosquitto) -> Proof:
    plans, told, registry = all_of(SEED)
    account = AlertAccount(service.journal, told, registry)
    register(service.journal, registry)
    return Proof(broker, service, Ledger(plans), account, SEED)


def areas_of(proof: Proof) -> dict[str, str]:
    """Return where each device of the registry stands."""
    devices = proof.alerts.registry.rows(DEVICES).values()
    return {each.device: each.area for each in devices}


def test_a_bad_payload_of_each_reason_is_planted() -> None:
    assert {bad.reason for bad in BAD} == set(Reason)


def test_the_traffic_is_what_is_promised() -> None:
    plans = all_of(SEED).plans
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


def test_the_incidents_are_what_is_promised() -> None:
    plans, told, _ = incidents(TROUBLE, MachineClock().now(), Random(SEED))
    rules = Counter(each.rule for each in told)
    ends = {each.state for each in told}
    uploads = [message for plan in plans.values() for message in plan]
    held = [identity for upload in uploads for identity in upload.readings]

    assert min(rules.values()) >= 8
    assert len(rules) >= 17
    assert {each.worst for each in told} == set(Severity)
    assert ends == {"firing", "resolved"}
    assert len(told) == len(set(told)) > 250
    assert len(held) - len(set(held)) > 300, "repeats"
    assert sum(b < a for a, b in pairwise(held) if a.device == b.device) > 30, "out of order"


async def test_influxdb_holds_each_acknowledged_reading_exactly_once(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    async with FaultyProxy(influxdb.url) as proxy:
        service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto, proxy.url))
        proof = proof_of(service, mosquitto)
        with explained(SEED, service, mosquitto, influxdb), service:
            victim = Victim(service, proof.ledger)
            stores = (EmbeddedStore(service.journal), InfluxStore(influxdb, areas_of(proof)))
            faults = (
                victim.kill(kills(PAIRS_OF_KILLS, Random(SEED)), proof.alerts.look),
                restart(mosquitto, proof.ledger, 0.6),
                trouble(influxdb, proxy, proof.ledger, 0.15),
            )
            await proof.run(timedelta(milliseconds=230), faults, stores)
            proof.check(stores, kills=2 * PAIRS_OF_KILLS)
            assert all(proof.alerts.caught()), "no kill in a hold, or none before an end"


async def test_the_embedded_store_holds_each_acknowledged_reading_exactly_once(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    proof = proof_of(service, mosquitto)
    with explained(SEED, service, mosquitto), service:
        victim = Victim(service, proof.ledger)
        stores = (EmbeddedStore(service.journal),)
        faults = (
            victim.kill(kills(PAIRS_OF_KILLS, Random(SEED)), proof.alerts.look),
            restart(mosquitto, proof.ledger, 0.6),
            victim.fill_disk(0.4),
        )
        await proof.run(timedelta(milliseconds=120), faults, stores)
        proof.check(stores, kills=2 * PAIRS_OF_KILLS)
        assert all(proof.alerts.caught()), "no kill in a hold, or none before an end"
