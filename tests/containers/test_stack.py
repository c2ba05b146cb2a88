"""The whole stack: who may do what in it, and what goes through it."""

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest

from devices.instant import iso_of
from ingest.clock import MachineClock
from tests.alerts.gas import CRITICAL, RULE, SECOND
from tests.containers.docker import UID, docker, rights_of, until
from tests.containers.stack import ADDRESS, SETTINGS, Stack

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]
INSIDE = {"influxdb": 8086, "prometheus": 9090, "alertmanager": 9093, "gridwatch": 9464}
"""What listens on the loopback of the stack, and nowhere else."""


@pytest.fixture(scope="module")
def stack(
    image: str,
    variables: Mapping[str, str],
    stand_ins: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    made = Stack(folder, variables, stand_ins=bool(stand_ins))
    try:
        made.up()
        yield made
    finally:
        made.end()


async def say(stack: Stack, kind: str, device: str, *values: Mapping[str, object]) -> None:
    """Publish from outside what a new device measures, and return when the broker has it."""
    async with stack.device(device) as client:
        for seconds_ago, each in zip(reversed(range(len(values))), values, strict=True):
            at = iso_of(MachineClock().now() - seconds_ago * SECOND)
            told = {"v": 1, "type": "telemetry", "device": device, "measured_at": at, **each}
            await client.publish(f"gw/v1/{kind}/{device}/up", json.dumps(told), qos=1)


def journal(stack: Stack, device: str) -> list[float]:
    words = ("query", "history", device, "--format", "json", "-s", SETTINGS)
    lines = stack.run("gridwatch", "gridwatch", *words).splitlines()
    return [json.loads(line)["cumulative_m3"] for line in lines]


def database(stack: Stack, query: str) -> list[float]:
    """Return the values that InfluxDB answers to a query by InfluxQL, which 1.x and 2.x take."""
    token = (stack.deploy / "run" / "influx-token").read_text(encoding="utf-8").strip()
    asked = urlencode({"db": "gridwatch", "q": query, "u": "admin", "p": token})
    (result,) = stack.asked(f"http://127.0.0.1:8086/query?{asked}")["results"]
    return [value for series in result.get("series", []) for _, value in series["values"]]


def counter(device: str) -> str:
    return f"SELECT cumulative_m3 FROM water_meter WHERE device = '{device}'"  # noqa: S608 ours


def sample(stack: Stack, query: str) -> list[float]:
    asked = f"http://127.0.0.1:9090/api/v1/query?{urlencode({'query': query})}"
    return [float(each["value"][1]) for each in stack.asked(asked)["data"]["result"]]


def test_nothing_runs_as_root_has_rights_or_writes_where_it_should_not(stack: Stack) -> None:
    """But InfluxDB's root, which its image needs to be writable."""
    ours = {"net", "mosquitto", "gridwatch"}
    for service in stack.services:
        rights = rights_of(stack.run(service, "cat", "/proc/1/status"))
        uid = int(rights["Uid"].split()[0])
        host = stack.inspected(service)["HostConfig"]

        assert (uid == UID) if service in ours else uid > 0, service
        assert (rights["CapEff"], rights["NoNewPrivs"]) == ("0" * 16, "1"), service
        assert host["CapDrop"] == ["ALL"], service
        assert host["ReadonlyRootfs"] or service == "influxdb", service
        assert host["Memory"] > 0, service


async def test_a_reading_from_outside_lands_in_the_journal_and_in_the_database(
    stack: Stack,
) -> None:
    await say(stack, "water_meter", "wm-1", {"cumulative_m3": 206.66})

    until(lambda: journal(stack, "wm-1") == [206.66])
    until(lambda: database(stack, counter("wm-1")) == [206.66])


async def test_gas_reaches_alertmanager(stack: Stack) -> None:
    level = {"ch4_lel_pct": CRITICAL, "sensor_status": "ok", "fan": {"running": True}}
    await say(stack, "gas_monitor", "gm-1", level, level)

    def told() -> list[str]:
        alerts = stack.asked("http://127.0.0.1:9093/api/v2/alerts")
        return [each["labels"]["alertname"] for each in alerts]

    until(lambda: RULE.name in told())


def test_prometheus_sees_the_service_and_judges_by_its_rules(stack: Stack) -> None:
    until(lambda: sample(stack, 'up{job="gridwatch"}') == [1.0])
    until(lambda: sample(stack, "gridwatch:journal:used_ratio") != [])
    (manager,) = stack.asked("http://127.0.0.1:9090/api/v1/alertmanagers")["data"][
        "activeAlertmanagers"
    ]

    assert manager["url"] == "http://127.0.0.1:9093/api/v2/alerts"


def test_only_the_broker_answers_from_the_network_of_the_stack(stack: Stack) -> None:
    """Grafana as well, where it runs."""
    (network,) = stack.inspected("net")["NetworkSettings"]["Networks"].values()
    host = network["IPAddress"]
    for port in INSIDE.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), timeout=5)
    for address in (host, ADDRESS):
        socket.create_connection((address, 8883), timeout=5).close()


@pytest.mark.parametrize(("file", "uid"), [("grafana-password", 472), ("influx-admin-token", 472)])
def test_what_another_program_is_given_its_user_can_read(
    stack: Stack, image: str, file: str, uid: int
) -> None:
    """Grafana's user, in its stead; the folder around is closed to others of the machine."""
    made = stack.deploy / "run" / file
    text = docker(
        *("run", "--rm", "--network", "none", "--user", f"{uid}:0", "--cap-drop", "ALL"),
        *("--volume", f"{made}:/run/secrets/{file}:ro", "--entrypoint", "cat"),
        *(image, f"/run/secrets/{file}"),
    )

    assert text == made.read_text(encoding="utf-8").strip()


def test_what_the_service_is_given_it_can_read_and_it_is_given_nothing_else(stack: Stack) -> None:
    listing = "find /run/gridwatch -type f -readable"
    found = stack.run("gridwatch", *listing.split()).split()

    assert {Path(each).name for each in found} == {"ca.crt", "gridwatch.password", "influx-token"}


def test_the_journal_is_backed_up_while_the_service_runs(stack: Stack) -> None:
    backup = "/var/lib/gridwatch/backup.db"
    stack.run("gridwatch", "gridwatch", "journal", "backup", backup, "-s", SETTINGS)

    assert "sound" in stack.run("gridwatch", "gridwatch", "journal", "check", backup)


def test_simulated_devices_are_heard(stack: Stack) -> None:
    """Twelve gas monitors, each of which says something a minute or two after it begins."""
    simulated = "SELECT ch4_lel_pct FROM gas_monitor WHERE device != 'gm-1'"
    assert database(stack, simulated) == []
    stack.compose("--profile", "trial", "up", "--detach", "--no-build", "simulators")

    until(lambda: len(database(stack, simulated)) > 1, 120)


async def test_after_a_restart_of_the_network_all_is_there_and_devices_come_in(
    stack: Stack,
) -> None:
    await say(stack, "water_meter", "wm-2", {"cumulative_m3": 1.0})
    until(lambda: database(stack, counter("wm-2")) == [1.0])
    stack.compose("restart", "net")
    stack.up()
    await say(stack, "water_meter", "wm-3", {"cumulative_m3": 2.0})

    until(lambda: database(stack, counter("wm-3")) == [2.0])
    assert (journal(stack, "wm-2"), database(stack, counter("wm-2"))) == ([1.0], [1.0])


def test_a_new_image_of_the_service_leaves_the_broker_and_the_database_alone(
    stack: Stack, image: str, tmp_path: Path
) -> None:
    before = {service: stack.inspected(service)["Id"] for service in stack.services}
    file = tmp_path / "Containerfile"
    file.write_text(f"FROM {image}\nLABEL release=next\n", encoding="utf-8")
    docker("build", "-f", file, "-t", image, tmp_path)
    stack.up()
    after = {service: stack.inspected(service)["Id"] for service in stack.services}

    assert {service for service in before if before[service] != after[service]} == {"gridwatch"}
    assert journal(stack, "wm-1") == [206.66]
