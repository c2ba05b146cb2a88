"""Through real servers, whatever is killed meanwhile: a lease that ends is revoked once."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeAlias

import pytest

from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Mosquitto
from tests.proof.befalling import Faults, reached, run
from tests.proof.fans import SLOW_OUTBOX
from tests.proof.leases import RESTORE, REVOKE, SHORT_WATCH, Office, Tenancy
from tests.proof.mutation import FORGETS_DWELLINGS, Mutation, copy_of_the_service, mutate
from tests.proof.proof import explained, tables

pytestmark = pytest.mark.servers

ORDERS_AGAIN = FORGETS_DWELLINGS._replace(complaint=f"was ordered ['{REVOKE}', '{REVOKE}'")
WITHDRAWS_NOTHING = Mutation(
    "lets an order leave that another has taken the place of",
    "ingest/journal/command_table.py",
    "AND (state = 'queued' OR (state = 'sent'",
    "AND ((state = 'sent'",
    "refused after the lease was renewed",
)


class Course:
    """What befalls leases, and what befalls the service and the broker meanwhile."""

    def __init__(self, office: Office, service: Gridwatch, broker: Mosquitto) -> None:
        self._office = office
        self._broker = broker
        self.faults = Faults(service, broker, office)

    async def killed_as_the_door_hears(self, tenancy: Tenancy) -> None:
        """Kill the service between publishing the order and marking it."""
        await asyncio.to_thread(self._office.end, tenancy)
        await self.faults.kill(tenancy.door.hears[REVOKE].is_set)

    async def killed_before_it_is_sent(self, tenancy: Tenancy) -> None:
        """Kill the service when the order is durable."""
        await asyncio.to_thread(self._office.end, tenancy)
        await self.faults.kill(self._office.order_waits(tenancy.door))

    async def renewed_before_it_is_sent(self, tenancy: Tenancy) -> None:
        """Renew the lease after its end, while there is no broker that could take the order."""
        tenancy.told_before_renewal = False
        await asyncio.to_thread(self._broker.stop)
        await asyncio.to_thread(self._office.end, tenancy)
        await reached(self._office.order_waits(tenancy.door))
        await asyncio.to_thread(self._office.renew, tenancy)
        await reached(self._ordered(tenancy, RESTORE))
        await asyncio.to_thread(self._broker.start)

    async def killed_as_it_is_renewed(self, tenancy: Tenancy) -> None:
        """Renew the lease, and kill the service before the order that follows is marked."""
        await asyncio.to_thread(self._office.renew, tenancy)
        await self.faults.kill(tenancy.door.hears[RESTORE].is_set)

    def _ordered(self, tenancy: Tenancy, command: str) -> Callable[[], bool]:
        key = (tenancy.door.device, command)
        return lambda: any((each.device, each.command) == key for each in self._office.commands())


Befalls: TypeAlias = Callable[[Course, Tenancy], Coroutine[None, None, None]]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages that looks often at the registry, with a slow outbox."""
    folder = copy_of_the_service(tmp_path / "copy", monkeypatch)
    mutate(folder, SHORT_WATCH)
    mutate(folder, SLOW_OUTBOX)
    return folder


async def test_a_door_refuses_once_for_a_lease_that_ends_and_never_after_it_is_renewed(
    tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    killed, unsent, parted, renewed, _calm = tenancies = [Tenancy(each) for each in range(5)]
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    office = Office(service.journal, tenancies)
    office.begin()
    with explained("none", service, mosquitto), service:
        course = Course(office, service, mosquitto)

        async def befalling() -> None:
            await reached(office.begun)
            await asyncio.to_thread(office.renew, renewed)
            await course.killed_as_the_door_hears(killed)
            await course.killed_before_it_is_sent(unsent)
            await course.renewed_before_it_is_sent(parted)
            await course.killed_as_it_is_renewed(killed)

        await run(office.doors, mosquitto.port, (befalling(),), office.settled)
        service.stop()

    assert office.wrong() == []
    assert (unsent.door.device, REVOKE) in course.faults.unsent, "killed before publishing"


@pytest.mark.parametrize(
    ("defect", "befalls"),
    [
        (ORDERS_AGAIN, Course.killed_as_the_door_hears),
        (WITHDRAWS_NOTHING, Course.renewed_before_it_is_sent),
    ],
    ids=[ORDERS_AGAIN.name, WITHDRAWS_NOTHING.name],
)
async def test_a_service_is_found_out_by_its_doors_that(
    defect: Mutation, befalls: Befalls, tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    mutate(copy, defect)
    tenancy = Tenancy(0)
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    office = Office(service.journal, [tenancy])
    office.begin()
    with explained("none", service, mosquitto), service:

        async def befalling() -> None:
            await reached(office.begun)
            await befalls(Course(office, service, mosquitto), tenancy)

        await run(office.doors, mosquitto.port, (befalling(),), lambda: len(tenancy.door.done) > 1)

    assert defect.complaint in "\n".join(office.wrong())
