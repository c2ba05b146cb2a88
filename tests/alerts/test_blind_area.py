"""An area that goes blind is one alert in the journal, over restarts and failing transactions."""

from pathlib import Path

import pytest

from ingest.journal.database import JournalUnavailable
from ingest.journal.writer import Writer
from rules.catalogue import catalogue
from rules.register import DeviceFacts, TableRegister
from tests.alerts.gas import GOOD, batch, gas, room
from tests.journal.readings import rows_of

COMMUNITY = "500106003001"
NAMES = tuple(f"gm-{number}" for number in range(20))
REGISTER = TableRegister(
    {f"gas_monitor/{name}": DeviceFacts(areas=("500106", COMMUNITY)) for name in NAMES}
)
RULES = (catalogue()["gas_silent"], catalogue()["blind_area"])
TOLD = """
SELECT rule, transition, count(*) FROM alert_change JOIN alert ON alert.id = alert_change.alert
WHERE NOT alert_change.suppressed GROUP BY 1, 2 ORDER BY min(seq)
"""


@pytest.mark.parametrize("restart", [False, True])
async def test_an_outage_is_one_alert_and_then_those_that_stay_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, restart: bool
) -> None:
    path, second = tmp_path / "journal.db", 0
    async with room(path, RULES, REGISTER) as here:
        await here.judging.commit(batch(*(gas(0, GOOD, name) for name in NAMES)))
        await here.at(9 * 60 - 1)
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "in_thread", _unavailable)
            with pytest.raises(JournalUnavailable):
                await here.at(9 * 60)
        if not restart:
            await here.at(12 * 60)
    async with room(path, RULES, REGISTER) as here:
        for second in range(9 * 60, 20 * 60, 5):
            await here.at(second)
        assert rows_of(path, TOLD) == [("blind_area", "raised", 1)]
        (text,) = rows_of(path, "SELECT text_en FROM alert WHERE rule = 'blind_area'")
        assert "of the 20 devices of kind gas monitor" in text[0]
        for second in range(20 * 60, 31 * 60, 60):
            await here.at(second)
            await here.judging.commit(batch(*(gas(second, GOOD, name) for name in NAMES[2:])))
        await here.at(second)
    assert rows_of(path, TOLD) == [
        ("blind_area", "raised", 1),
        ("blind_area", "resolved", 1),
        ("gas_silent", "resumed", 2),
    ]


async def _unavailable(*_: object) -> None:
    raise JournalUnavailable("the disk is full")
