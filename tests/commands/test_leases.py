"""A lease ends by the registry and the clock: the door refuses; renewed, it opens again."""

from contextlib import closing
from datetime import datetime
from pathlib import Path

from devices.instant import Instant, instant_of
from devices.message import Reply
from devices.reading import Reading, Value
from ingest.health import Health
from ingest.journal.batch import Batch
from ingest.journal.database import open_writer
from ingest.judges import judges_of
from ingest.metrics import Metrics
from ingest.outbox import Outbox
from ingest.registry.facts import Sources, facts_of
from ingest.registry.files import read_folder
from ingest.registry.importing import import_content
from rules.catalogue import catalogue, sequences
from tests.alerts.gas import StandingClock
from tests.commands.outbox import Broker
from tests.journal.readings import opened, rows_of
from tests.registry.sample import HOME, PERSON, write_sample

END = instant_of(datetime.fromisoformat("2027-01-01T00:00:00+08:00"))
DAY = 86_400_000
HOUR = 3_600_000
_RENEWED = f"premises,person,since,until\n{HOME},{PERSON},2026-01-01,2027-12-31\n"
_ALERTS = "SELECT rule, state FROM alert ORDER BY start_at"


class Office:
    """A registry, what judges by it, and a broker that answers for the door."""

    def __init__(self, folder: Path, now: Instant) -> None:
        self.folder = folder
        self.path = folder / "gridwatch.db"
        self.clock = StandingClock(now)
        self.broker = Broker()

    def register(self, **changed: str) -> None:
        """Import the sample registry."""
        files = write_sample(self.folder / f"registry-{len(changed)}", **changed)
        with closing(open_writer(self.path)) as database:
            import_content(database, read_folder(files), self.clock.instant)

    async def day(self, now: Instant, *, renews: bool = False) -> None:
        """Start the service at an instant, import a renewal if there is one, and end it."""
        self.clock.instant = now
        async with opened(self.path) as journal:
            metrics = Metrics()
            judges = judges_of(Sources(self.path), journal, self.clock, metrics, Health())
            outbox = Outbox(journal, self.broker, self.clock, metrics)
            if renews:
                self.register(leases=_RENEWED)
                rules = catalogue(), now, tuple(sequences().values())
                judges.watch.use(facts_of(Sources(self.path), *rules))
            while await judges.judging.look(hears=True):
                pass
            heard = len(self.broker.heard)
            await outbox.send()
            for command in self.broker.heard[heard:]:
                reply = Reply("door", command.device, command.id, "done", None, now, now)
                await judges.judging.commit(Batch(replies=[reply, reply]))

    async def stand(self, now: Instant, **values: Value) -> Instant:
        """Let the person stand before the door, and return when."""
        self.clock.instant = now
        async with opened(self.path) as journal:
            judges = judges_of(Sources(self.path), journal, self.clock, Metrics(), Health())
            seen = Reading(
                "door-1", "door", now, now, {"person": PERSON, "dwelling": HOME} | values
            )
            await judges.judging.commit(Batch([seen]))
        return now

    def told(self) -> list[tuple[str, str, object]]:
        """Return what doors were told: door, command, person."""
        return [(each.device, each.command, each.arguments["person"]) for each in self.broker.heard]


async def test_a_lease_that_ends_is_revoked_at_the_door_and_restored_when_it_is_renewed(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, END - 40 * DAY)
    office.register()
    await office.day(END - 40 * DAY)
    assert rows_of(office.path, _ALERTS) == []
    await office.day(END - 30 * DAY)
    assert rows_of(office.path, _ALERTS) == [("lease_ending", "firing")]
    assert office.told() == []

    for later in (0, 1, DAY):
        await office.day(END + later)
    assert office.told() == [("door-1", "authorisation_revoke", PERSON)]
    ended = [("lease_ending", "resolved")] * 2 + [("lease_ended", "firing")]
    assert rows_of(office.path, _ALERTS) == ended

    await office.day(END + 2 * DAY, renews=True)
    await office.day(END + 3 * DAY)
    assert office.told()[1:] == [("door-1", "authorisation_restore", PERSON)]
    assert rows_of(office.path, _ALERTS)[2:] == [("lease_ended", "resolved")]
    query = "SELECT state, proven_at IS NOT NULL FROM command"
    assert rows_of(office.path, query) == [("done", 0), ("done", 0)]


async def test_a_revocation_is_proven_by_a_refusal_and_disproved_by_an_opening(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, END)
    office.register()
    await office.day(END)
    opened_at = await office.stand(END + HOUR, event="opened", opened_by="face")
    assert office.told() == [("door-1", "authorisation_revoke", PERSON)]
    await office.day(opened_at + 1)
    assert office.told()[1:] == [("door-1", "authorisation_revoke", PERSON)]
    denied_at = await office.stand(END + 2 * HOUR, event="denied", denied_because="expired")
    await office.day(denied_at + 1)
    query = "SELECT state, proven_at FROM command ORDER BY seq"
    assert rows_of(office.path, query) == [("done", None), ("done", denied_at)]


async def test_a_renewal_that_was_imported_while_the_service_was_off_is_noticed_at_its_start(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path, END)
    office.register()
    await office.day(END)
    office.register(leases=_RENEWED)
    await office.day(END + DAY)
    assert [command for _, command, _ in office.told()] == [
        "authorisation_revoke",
        "authorisation_restore",
    ]


def test_the_notice_is_a_limit_of_the_registry(tmp_path: Path) -> None:
    limits = "place,rule,parameter,value,strictest\n500103,lease_ending,notice,60,\n"
    files = write_sample(tmp_path / "registry", limits=limits)
    path = tmp_path / "gridwatch.db"
    with closing(open_writer(path)) as database:
        import_content(database, read_folder(files), END)
    assert rows_of(path, "SELECT value FROM registered_limits") == [(60.0,)]
