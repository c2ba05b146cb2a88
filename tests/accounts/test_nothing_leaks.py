"""Secrets, persons and identifiers are planted in a full run, and looked for where none may be.

The run: the guarded broker, devices with accounts, the service with rules, registry, alerts, dead
letters and a database that is away; everything is logged.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest
from typer.testing import CliRunner

from devices.instant import iso_of
from ingest.accounts.roles import ADMIN, ROLES
from ingest.cli import app
from ingest.clock import MachineClock, block, stopwatch
from ingest.demo.gridwatch import Gridwatch, Tables
from ingest.demo.programs import free_port
from ingest.journal.database import open_writer
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from tests.accounts.secured import DEVICES, SecuredMosquitto, papers
from tests.registry.sample import CONTACT, HOME, OTHER_HOME, OTHER_PERSON, PERSON, write_sample

pytestmark = pytest.mark.servers

HTTP_TOKEN, INFLUX_TOKEN = "planted-http-token", "planted-influx-token"
PHONE, NAME, FACE, NOTE = "13800138000", "李雷", "/9j/4AAQSkZJRgABAQ", "planted note of a payload"
IDENTIFIERS = (*DEVICES, HOME, OTHER_HOME, PERSON, OTHER_PERSON, CONTACT)
PERSONS = (PERSON, OTHER_PERSON, CONTACT, PHONE, NAME, FACE, json.dumps(NAME).strip('"'))
PAGES = ("metrics", "healthz", "readyz")
FORMS = ("table", "csv", "json")
_LIST = ("deadletter", "list")
_ALERTS = ("alerts", "list", "--all")
_UP = {"wm-1": "gw/v1/water_meter/wm-1/up", "gm-1": "gw/v1/gas_monitor/gm-1/up"}


class Run(NamedTuple):
    """The service, and every secret that was made or given for it."""

    service: Gridwatch
    broker_log: Path
    secrets: tuple[str, ...]

    def page(self, path: str) -> str:
        """What is answered to who knows the token."""
        url = f"{self.service.url}/{path}"
        request = Request(url, headers={"Authorization": f"Bearer {HTTP_TOKEN}"})  # noqa: S310 ours
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())

    def command(self, *words: str) -> str:
        """What `gridwatch` prints, to both of its outputs."""
        outcome = CliRunner().invoke(app, [*words, "--settings", str(self.service.settings)])
        assert outcome.exit_code == 0, outcome.output
        return outcome.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    with SecuredMosquitto(folder / "mosquitto", papers(folder / "papers")) as broker:
        service = Gridwatch(folder / "gridwatch", _tables(broker))
        service.folder.mkdir()
        _register(service.journal, folder / "registry")
        with service:
            run = Run(service, broker.log, _secrets(broker))
            asyncio.run(_live(broker))
            _wait(run)
            yield run


def test_a_secret_shows_nowhere(run: Run) -> None:
    everything = "\n".join(_everything_that_is_said(run))

    assert [secret for secret in run.secrets if secret in everything] == []


def test_nothing_of_a_person_shows_anywhere(run: Run) -> None:
    everything = "\n".join(_everything_that_is_said(run))

    assert [planted for planted in (*PERSONS, NOTE) if planted in everything] == []


def test_no_device_and_no_dwelling_shows_in_logs_and_metrics(run: Run) -> None:
    said = "\n".join((run.service.log.read_text(), *map(run.page, PAGES)))

    assert [planted for planted in IDENTIFIERS if planted in said] == []


def test_what_was_looked_through_is_not_empty(run: Run) -> None:
    """Or the other tests could not fail."""
    assert "connected to" in run.service.log.read_text()
    assert 'reason="personal_data"' in run.page("metrics")
    assert "gas_monitor/gm-1" in run.command("alerts", "list")
    letters = [json.loads(line) for line in run.command(*_LIST, "-f", "json").splitlines()]
    (number,) = (str(each["id"]) for each in letters if each["reason"] == "not_json")
    assert NOTE in run.command("deadletter", "show", number, "--payload")


def test_what_a_person_is_called_is_not_even_kept(run: Run) -> None:
    kept = b"".join(file.read_bytes() for file in _journal_files(run))

    assert NOTE.encode() in kept
    assert [word for word in (PHONE, NAME, FACE) if word.encode() in kept] == []


def test_nobody_else_can_read_what_the_service_writes(run: Run) -> None:
    modes = {file.name: oct(file.stat().st_mode)[-3:] for file in _journal_files(run)}

    assert set(modes.values()) == {"600"}
    assert len(modes) == 4


def _everything_that_is_said(run: Run) -> Iterator[str]:
    """By default: nobody has asked for a payload."""
    yield run.service.log.read_text()
    yield run.broker_log.read_text()
    yield from map(run.page, PAGES)
    letters = [json.loads(line) for line in run.command(*_LIST, "-f", "json").splitlines()]
    alerts = [json.loads(line) for line in run.command(*_ALERTS, "-f", "json").splitlines()]
    for form in FORMS:
        yield run.command(*_LIST, "-f", form)
        yield run.command(*_ALERTS, "-f", form)
    for each in letters:
        yield run.command("deadletter", "show", str(each["id"]))
    for each in alerts:
        yield run.command("alerts", "show", str(each["id"]))


def _journal_files(run: Run) -> list[Path]:
    journal = run.service.journal
    return sorted(journal.parent.glob(f"{journal.name}*"))


def _tables(broker: SecuredMosquitto) -> Tables:
    return {
        "mqtt": broker.table(),
        "rules": {"judge": True},
        "http": {"token": HTTP_TOKEN},
        "sink.influx": {"url": f"http://127.0.0.1:{free_port()}", "token": INFLUX_TOKEN},
        "log": {"level": "debug", "format": "json"},
    }


def _register(journal: Path, folder: Path) -> None:
    database = open_writer(journal)
    import_content(database, read_folder(write_sample(folder)), MachineClock().now())
    database.close()


def _secrets(broker: SecuredMosquitto) -> tuple[str, ...]:
    accounts = [broker.password(name) for name in (*ROLES, *DEVICES)]
    assert len(accounts) == len(set(accounts)) > len(DEVICES)
    assert broker.password(ADMIN) in accounts
    return (HTTP_TOKEN, INFLUX_TOKEN, *accounts)


async def _live(broker: SecuredMosquitto) -> None:
    """A meter that is well, a room full of gas, and what devices should not say."""
    async with broker.client("wm-1") as meter, broker.client("gm-1") as monitor:
        for minute in range(3):
            reading = {"cumulative_m3": 5.0 + minute}
            await meter.publish(_UP["wm-1"], _payload("wm-1", minute, **reading), qos=1)
            gas = {"ch4_lel_pct": 60.0, "sensor_status": "ok"}
            await monitor.publish(_UP["gm-1"], _payload("gm-1", minute, **gas), qos=1)
        for bad in ({"phone": PHONE}, {"name": NAME}, {"face": FACE}):
            await meter.publish(_UP["wm-1"], _payload("wm-1", 5, **bad), qos=1)
        await meter.publish(_UP["wm-1"], f'{{"note": "{NOTE}"', qos=1)


def _payload(device: str, minute: int, **fields: object) -> str:
    at = MachineClock().now() - 600_000 + minute * 60_000
    head = {"v": 1, "type": "telemetry", "device": device, "measured_at": iso_of(at)}
    return json.dumps({**head, **fields}, ensure_ascii=False)


def _wait(run: Run) -> None:
    """Until all is stored or refused, an alert has been raised, and the database is known away."""
    limit_s = stopwatch() + 30
    expected = ('reason="not_json"', 'transition="raised"', "gridwatch_sink_errors_total")
    while stopwatch() < limit_s:
        said = run.page("metrics")
        if all(word in said for word in expected):
            return
        block(timedelta(milliseconds=50))
    raise AssertionError(run.page("metrics"))
