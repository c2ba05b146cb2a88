"""A device that never stops is held back, and the others are served meanwhile."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.instant import iso_of
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables
from ingest.demo.programs import LOOPBACK
from ingest.journal.database import open_reader
from tests.accounts.secured import SecuredMosquitto
from tests.mqtt.waiting import until

pytestmark = pytest.mark.servers
MOST = 200
OTHERS = 20


async def test_a_device_that_floods_is_held_back_and_hurts_no_other(
    broker: SecuredMosquitto, tmp_path: Path
) -> None:
    tables: Tables = {"mqtt": broker.table(), "accept": {"device_messages": MOST}}
    with Gridwatch(tmp_path / "gridwatch", tables) as service, flood(broker) as flooding:
        await until(lambda: _metric(service, "messages_shed_total") > 20 * MOST)
        async with broker.client("wm-2") as other:
            for number in range(OTHERS):
                await other.publish("gw/v1/water_meter/wm-2/up", _payload("wm-2", number), qos=1)
        await until(lambda: _stored(service, "wm-2") == OTHERS)

        assert flooding.poll() is None, "the others were served while it went on"
        assert _letters(service) == {("flood", "gw/v1/water_meter/wm-1/up")}


@contextmanager
def flood(broker: SecuredMosquitto) -> Iterator[subprocess.Popen[bytes]]:
    """The device wm-1, saying the same at QoS 1 as fast as the broker takes it."""
    command = (
        f"mosquitto_pub -h {LOOPBACK} -p {broker.port} -V 5 -q 1 -i wm-1 -u wm-1"
        f" -P {broker.password('wm-1')} --cafile {broker.papers.authority.certificate}"
        " -t gw/v1/water_meter/wm-1/up -l"
    )
    with (
        subprocess.Popen(["yes", _payload("wm-1", 0)], stdout=subprocess.PIPE) as words,
        subprocess.Popen(command.split(), stdin=words.stdout) as device,
    ):
        try:
            yield device
        finally:
            device.kill()
            words.kill()


def _payload(device: str, number: int) -> str:
    at = MachineClock().now() - 3_600_000 + number * 60_000
    reading = {"v": 1, "type": "telemetry", "device": device, "measured_at": iso_of(at)}
    return json.dumps({**reading, "cumulative_m3": number})


def _metric(service: Gridwatch, name: str) -> float:
    return service.metrics().get(f"gridwatch_{name}", 0.0)


def _stored(service: Gridwatch, device: str) -> int:
    reader = open_reader(service.journal)
    query = "SELECT count(*) FROM reading JOIN device ON device.id = reading.device WHERE name = ?"
    (number,) = reader.execute(query, (device,)).fetchone()
    reader.close()
    return int(number)


def _letters(service: Gridwatch) -> set[tuple[str, str]]:
    reader = open_reader(service.journal)
    found = set(reader.execute("SELECT reason, topic FROM dead_letter"))
    reader.close()
    return found
