"""The service itself, killed while a lease ends: one alert, one order, one proof."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from devices.instant import iso_of
from devices.models.command import DONE, reply_text
from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch, Tables, mqtt_table
from ingest.demo.programs import Mosquitto
from ingest.journal.database import open_writer
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from tests.commands.test_kill import all_told, orders, told
from tests.journal.readings import rows_of
from tests.mqtt.sessions import running, settings_for
from tests.mqtt.waiting import until
from tests.registry.sample import HOME, PERSON, write_sample

pytestmark = pytest.mark.servers
_DOOR = "door-1"
_TOPIC = f"gw/v1/door/{_DOOR}"
_LEASES = (
    "SELECT rule, start_at, transition FROM alert JOIN alert_change ON alert = id ORDER BY seq"
)


@pytest.mark.parametrize("kill_when_told", [True, False])
async def test_a_kill_while_a_lease_ends_revokes_once_and_tells_once(
    tmp_path: Path, mosquitto: Mosquitto, *, kill_when_told: bool
) -> None:
    settings = settings_for(mosquitto.port, client_id=_DOOR, topics=[f"{_TOPIC}/down"])
    tables: Tables = {"mqtt": mqtt_table(mosquitto.port), "rules": {"judge": True}}
    ends_at = MachineClock().now() // 1_000 * 1_000 - 1_000
    service = Gridwatch(tmp_path / "gridwatch", tables)
    _register(tmp_path / "registry", service.journal, iso_of(ends_at))
    async with running(settings) as door:
        await until(lambda: door.connected)
        with service:
            first = await told(door) if kill_when_told else None
            await until(lambda: len(orders(service)) == 1)
            service.kill()
            service.start()
            first = first or await told(door)
            answer = reply_text(_DOOR, first, DONE, iso_of(MachineClock().now()))
            await door.publish(f"{_TOPIC}/reply", answer)
            await until(lambda: orders(service) == [(first, "done", False)])
            service.kill()
            service.start()
            await door.publish(f"{_TOPIC}/up", _refusal(iso_of(MachineClock().now())))
            await until(lambda: orders(service) == [(first, "done", True)])
            service.stop()
        executed = {first, *(await all_told(door, f"{_TOPIC}/down"))}
    changes = [row for row in rows_of(service.journal, _LEASES) if row[0].startswith("lease")]

    assert executed == {first}
    assert changes == [("lease_ended", ends_at, "raised")]


def _register(folder: Path, journal: Path, ends_at: str) -> None:
    files = write_sample(
        folder,
        leases=f"premises,person,since,until\n{HOME},{PERSON},2026-01-01,{ends_at}\n",
        authorisations=f"premises,person,door,since,until\n{HOME},{PERSON},{_DOOR},,{ends_at}\n",
    )
    journal.parent.mkdir(exist_ok=True)
    with closing(open_writer(journal)) as database:
        import_content(database, read_folder(files), MachineClock().now())


def _refusal(at: str) -> bytes:
    """Return what the door says when it does not open to the person any more."""
    event = {
        "v": 1, "type": "event", "device": _DOOR, "measured_at": at, "event": "denied",
        "denied_because": "expired", "credential": "card", "person": PERSON, "dwelling": HOME,
    }  # fmt: skip
    return json.dumps(event).encode()
