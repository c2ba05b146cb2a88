"""Simulated devices at the guarded broker: each by its own account, or all by the simulator's."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from devices.models.fleet import Fleet
from devices.models.plan import FleetPlan
from ingest.accounts.files import DEVICE_PASSWORDS
from ingest.accounts.roles import SERVICE, SIMULATOR
from ingest.clock import MachineClock
from ingest.demo.programs import LOOPBACK
from tests.accounts.secured import SecuredMosquitto, granted, heard, papers

pytestmark = pytest.mark.servers
PLAN = FleetPlan(homes=2, doors=1, gas_monitors=1, seed=1)
ACCOUNTS = {
    "each by its own": ("--device-password-file", DEVICE_PASSWORDS),
    "gateways by the simulator's": (
        *("--username", SIMULATOR, "--gateways", "2"),
        *("--password-file", f"{SIMULATOR}.password"),
    ),
}


@pytest.mark.parametrize("accounts", ACCOUNTS.values(), ids=ACCOUNTS)
async def test_all_that_simulated_devices_say_is_heard_by_the_service(
    tmp_path: Path, accounts: tuple[str, ...]
) -> None:
    """With mutual TLS as well."""
    devices = [device for _, device in Fleet(PLAN, MachineClock().now()).devices()]
    ours = papers(tmp_path / "papers")
    with SecuredMosquitto(tmp_path / "mosquitto", ours, mutual=True, devices=devices) as broker:
        async with broker.client(SERVICE) as service:
            await granted(service, ["gw/v1/+/+/up"])
            said = await _simulate(broker, accounts)
            async with broker.client(SIMULATOR) as last:
                await last.publish("gw/v1/door/last/up", "end", qos=1)
            found = await heard(service)

    assert said["unacknowledged"] == 0
    assert len(found) == said["published"] > 10
    assert {topic.split("/")[3] for topic, _ in found} == set(devices)


async def _simulate(broker: SecuredMosquitto, accounts: tuple[str, ...]) -> dict[str, int]:
    """Run the past days of the plan, in each of which an upload may be lost; return its summary."""
    words = (
        f"-m ingest simulate run --homes {PLAN.homes} --doors {PLAN.doors} --gas 1 --since 4d"
        f" --speed 100000 --until now --host {LOOPBACK} --port {broker.port}"
        f" --ca-file {broker.papers.authority.certificate}"
        f" --cert-file {broker.papers.client.certificate} --key-file {broker.papers.client.key}"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words.split(), *accounts),
        cwd=broker.accounts,
        stdout=subprocess.PIPE,
    )
    output, _ = await process.communicate()
    summary: dict[str, int] = json.loads(output.splitlines()[-1])
    return summary
