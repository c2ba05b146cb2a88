"""Through real servers: who falls silent is told of, and nobody while we were deaf ourselves."""

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.clock import MachineClock
from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Mosquitto
from ingest.journal.alerts import Wanted, alerts
from ingest.journal.database import open_reader
from ingest.journal.history import latest
from tests.proof.befalling import Faults, run
from tests.proof.fans import FanAccount
from tests.proof.mutation import Mutation, copy_of_the_service, mutate
from tests.proof.proof import explained, tables
from tests.proof.tanks import KIND, Monitor

pytestmark = pytest.mark.servers

SHORT_SETTLING = Mutation(
    "hears again a second after the broker is back",
    "ingest/hearing.py",
    "_SETTLING_MS = 10_000",
    "_SETTLING_MS = 1_000",
    "",
)
SHORT_SILENCE = Mutation(
    "takes a monitor for silent after 3 s",
    "rules/library/gas_silent/rule.py",
    'WARN = patience("warn_min", 10.0, (2.0, 60.0))',
    'WARN = patience("warn_min", 0.05, (0.05, 60.0))',
    "",
)
SHORT_HOLD = Mutation(
    "tells a silence a second after its area has heard of it",
    "rules/library/gas_silent/rule.py",
    "HOLD = timedelta(minutes=1)",
    "HOLD = timedelta(seconds=1)",
    "",
)
HEARS_ALWAYS = Mutation(
    "blames devices for what it could not hear itself",
    "ingest/judging.py",
    "return self.connected() and self.health.healthy",
    "return True",
    "",
)
HEARD = "tank-heard"
_RULE = "gas_silent"
_AWAY = timedelta(seconds=5)
_ALL = 1_000


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages that waits for seconds instead of minutes."""
    folder = copy_of_the_service(tmp_path / "copy", monkeypatch)
    mutate(folder, SHORT_SILENCE)
    mutate(folder, SHORT_HOLD)
    mutate(folder, SHORT_SETTLING)
    return folder


@pytest.mark.parametrize("defects", [(), (HEARS_ALWAYS,)], ids=["sound", HEARS_ALWAYS.name])
async def test_a_monitor_is_told_that_falls_silent_and_none_for_an_outage_of_the_broker(
    defects: Sequence[Mutation], tmp_path: Path, mosquitto: Mosquitto, copy: Path
) -> None:
    for mutation in defects:
        mutate(copy, mutation)
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    quiet = Monitor("tank-quiet", MachineClock().now(), falls_silent=True)
    account = FanAccount(service.journal, (quiet, Monitor(HEARD)))
    with explained("none", service, mosquitto), service:
        await run(account.monitors, mosquitto.port, (), lambda: bool(silent(service.journal)))
        parted = Faults(service, mosquitto, account).part(quiet.high.is_set, _AWAY)
        await run(account.monitors, mosquitto.port, (parted,), Again(service.journal))

    (told, *others) = silent(service.journal)
    assert told == (f"{KIND}/{quiet.device}", quiet.high_at)
    assert [subject for subject, _ in others] == [f"{KIND}/{HEARD}" for _ in defects]


class Again:
    """Whether what was measured after it was asked first has arrived."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._since = 0

    def __call__(self) -> bool:
        """Return whether a reading is newer than the first call."""
        self._since = self._since or MachineClock().now()
        with closing(open_reader(self._journal)) as reader:
            newest = latest(reader, KIND, HEARD)
        return newest is not None and newest.measured_at > self._since


def silent(journal: Path) -> list[tuple[str, int]]:
    """Return subject and start of each alert that says so, the oldest first."""
    with closing(open_reader(journal)) as reader:
        found = [each for each in alerts(reader, _ALL, Wanted(resolved=True)) if each.rule == _RULE]
    return [(each.subject, each.start_at) for each in sorted(found, key=lambda each: each.start_at)]
