"""What a rule told that a release drops is ended at the start, and people are told why."""

from pathlib import Path

from ingest.dropped import end_dropped
from rules.catalogue import alert_rules
from tests.alerts.gas import ALERT, RULE, WARNING, batch, gas, room
from tests.journal.readings import START, rows_of

LATER = START + 86_400_000


async def test_an_alert_whose_rule_is_gone_ends_once_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    others = [name for name in alert_rules() if name != RULE.name]
    async with room(path) as here:
        await here.judging.commit(batch(gas(0, WARNING), gas(10, WARNING)))
        before = rows_of(path, "SELECT text_en FROM alert")[0][0]
        kept = await end_dropped(here.journal, [*others, RULE.name], LATER)
        ended = await end_dropped(here.journal, others, LATER)
        again = await end_dropped(here.journal, others, LATER + 1)

    assert (kept, ended, again) == (0, 1, 0)
    (row,) = rows_of(path, "SELECT id, state, told_at, text_zh, text_en FROM alert")
    assert row[:3] == (ALERT, "resolved", LATER)
    assert RULE.name in row[3]
    assert row[4].startswith(f"This release has no rule {RULE.name}, so the alert ends;")
    assert row[4].endswith(before)
    transitions = rows_of(path, "SELECT transition FROM alert_change ORDER BY seq")
    assert transitions == [("raised",), ("resolved",)]
