"""Through real servers, whatever is killed meanwhile: an area that goes blind is told of once."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.demo.gridwatch import Gridwatch
from ingest.demo.programs import Mosquitto
from ingest.journal.database import open_reader
from ingest.journal.history import latest
from ingest.registry.content import Content
from ingest.registry.tables import DEVICES, Device
from tests.proof.alerts import AlertAccount
from tests.proof.befalling import Faults, run
from tests.proof.differences import lines
from tests.proof.dwelling_tapes import AREA
from tests.proof.mutation import Mutation, copy_of_the_service, mutate
from tests.proof.orders import Orders
from tests.proof.proof import explained, register, tables
from tests.proof.tanks import KIND, Monitor
from tests.proof.test_silence import SHORT_HOLD, SHORT_SETTLING, SHORT_SILENCE

pytestmark = pytest.mark.servers

SHORT_KEEP = Mutation(
    "takes an area for well again after 2 s",
    "rules/library/blind_area/rule.py",
    "keep=timedelta(minutes=10)",
    "keep=timedelta(seconds=2)",
    "",
)
FORGETS_AREAS = Mutation(
    "forgets at its start who is silent in an area",
    "rules/engine.py",
    "self._profiles.of(subject), self._store.load(subject)",
    'self._profiles.of(subject), subject[0] != "area" and self._store.load(subject) or None',
    "single silences told",
)
_BLIND, _SINGLE = "blind_area", "gas_silent"
_NEAR_MS = 100
"""The service's own count of time and that of the machine differ by a little."""
_CHANGES = """
SELECT rule, transition, c.suppressed, start_at, alert.subject FROM alert_change AS c
JOIN alert ON id = c.alert WHERE rule IN ('blind_area', 'gas_silent') ORDER BY seq
"""


@dataclass
class Cell:
    """Monitors of one area; `heard` of them are heard all the time, `quiet` of them fall silent."""

    journal: Path
    quiet: Sequence[Monitor]
    heard: Sequence[Monitor]
    silent_since: int = 0

    @property
    def monitors(self) -> list[Monitor]:
        """All of them."""
        return [*self.quiet, *self.heard]

    def begin(self) -> None:
        """Register all of them."""
        content = Content()
        for each in self.monitors:
            placed = Device(KIND, each.device, AREA, None, None, None, None, None, None)
            content.put(DEVICES, placed)
        register(self.journal, content)

    def known(self) -> bool:
        """Return whether all were heard."""
        with closing(open_reader(self.journal)) as reader:
            found = [latest(reader, KIND, each.device) for each in self.monitors]
        return all(found)

    def falls_silent(self) -> None:
        """Take note of when the first of the quiet was heard last."""
        with closing(open_reader(self.journal)) as reader:
            found = [latest(reader, KIND, each.device) for each in self.quiet]
        self.silent_since = min(each.received_at for each in found if each)

    def is_pending(self) -> bool:
        """Return whether a silence is found and yet to be told."""
        pending = AlertAccount(self.journal, ()).pending_now()
        return self.is_blind() or any(rule == _SINGLE for rule, _ in pending)

    def is_blind(self) -> bool:
        """Return whether people were told that the area is blind."""
        return ("raised", 0) in self._transitions(_BLIND)

    def tells_single(self) -> bool:
        """Return whether people were told of the silence of a single monitor."""
        return ("raised", 0) in self._transitions(_SINGLE)

    def is_well(self) -> bool:
        """Return whether people were told that the area is well again."""
        return ("resolved", 0) in self._transitions(_BLIND)

    def wrong(self) -> list[str]:
        """Return a line for each way in which something is wrong; none if all is right."""
        changes = self._changes()
        expected = Counter({("raised", 0): 1, ("resolved", 0): 1})
        blind = self._transitions(_BLIND)
        starts = {start_at for rule, _, _, start_at, _ in changes if rule == _BLIND}
        heard = {f"{KIND}/{each.device}" for each in self.heard}
        return lines(
            {
                "areas not told of as they are to be": [blind] * (blind != expected),
                "starts": [at for at in starts if abs(at - self.silent_since) > _NEAR_MS],
                "single silences told": [
                    each for each in changes if each[0] == _SINGLE and not each[2]
                ],
                "silences of who was heard": [each for each in changes if each[4] in heard],
            }
        )

    def _transitions(self, rule: str) -> Counter[tuple[str, int]]:
        return Counter((what, hushed) for of, what, hushed, *_ in self._changes() if of == rule)

    def _changes(self) -> list[tuple[str, str, int, int, str]]:
        with closing(open_reader(self.journal)) as reader:
            return reader.execute(_CHANGES).fetchall()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages that waits for seconds instead of minutes."""
    folder = copy_of_the_service(tmp_path / "copy", monkeypatch)
    for mutation in (SHORT_SILENCE, SHORT_HOLD, SHORT_SETTLING, SHORT_KEEP):
        mutate(folder, mutation)
    return folder


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    """Eight monitors, two of which are heard all the time."""
    names = [Monitor(f"tank-{number}") for number in range(8)]
    cell = Cell(tmp_path / "gridwatch" / "gridwatch.db", names[2:], names[:2])
    cell.begin()
    return cell


async def test_an_area_that_goes_blind_is_told_of_once_and_none_of_its_devices(
    tmp_path: Path, mosquitto: Mosquitto, cell: Cell, copy: Path
) -> None:
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    faults = Faults(service, mosquitto, Orders(cell.journal))
    with explained("none", service, mosquitto), service:
        await run(cell.monitors, mosquitto.port, (), cell.known)
        cell.falls_silent()
        killed = (faults.kill(cell.is_pending), faults.kill(cell.is_blind))
        await run(cell.heard, mosquitto.port, killed, cell.is_blind)
        await run(cell.monitors, mosquitto.port, (), cell.is_well)
        service.stop()

    assert cell.wrong() == []


async def test_a_service_is_found_out_that_forgets_who_is_silent_in_an_area(
    tmp_path: Path, mosquitto: Mosquitto, cell: Cell, copy: Path
) -> None:
    mutate(copy, FORGETS_AREAS)
    service = Gridwatch(tmp_path / "gridwatch", tables(mosquitto))
    faults = Faults(service, mosquitto, Orders(cell.journal))
    with explained("none", service, mosquitto), service:
        await run(cell.monitors, mosquitto.port, (), cell.known)
        cell.falls_silent()
        await run(cell.heard, mosquitto.port, (faults.kill(cell.is_pending),), cell.tells_single)

    assert FORGETS_AREAS.complaint in "\n".join(cell.wrong())
