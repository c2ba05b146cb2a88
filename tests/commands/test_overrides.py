"""Laws of requests to take a device over: the last one counts, and its asker alone is told so."""

from contextlib import closing
from pathlib import Path

from ingest.journal.consequences import Consequences
from ingest.journal.database import open_writer, transaction
from ingest.journal.journal import Journal
from ingest.journal.overrides import (
    SUPERSEDED,
    OverrideRequest,
    Wanted,
    answer_overrides,
    ask_override,
    override_answer,
    overrides_wanted,
)

RUN = OverrideRequest("gas_monitor/gm-1", "ventilation", "run", 2_000)
OFF = RUN._replace(mode="off", until=3_000)


def test_what_is_taken_over_is_known_until_its_end_and_what_was_refused_is_not(
    tmp_path: Path,
) -> None:
    off = OFF._replace(asked_by="c-0123456789abcdef")
    other = RUN._replace(subject="gas_monitor/gm-2")
    with closing(open_writer(tmp_path / "journal.db")) as database:
        for request in (RUN, off, other):
            ask_override(database, request, 1_000)
        answer_overrides(database, [(RUN, "taken_over"), (other, "refused")])
        assert overrides_wanted(database, 1_000) == [Wanted(off, 1_000, None)]
        answer_overrides(database, [(off, "taken_over")])
        assert overrides_wanted(database, 2_999) == [Wanted(off, 1_000, "taken_over")]
        assert overrides_wanted(database, 3_000) == []


async def test_a_request_that_comes_while_another_is_answered_is_done_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, 1 << 30)
    with closing(open_writer(path)) as database:
        for request in (RUN, OFF):
            with transaction(database):
                ask_override(database, request, 1_000)
        await journal.judge(lambda _: Consequences(taken_over=[(RUN, "taken_over")]))
        assert journal.override_requests() == [OFF]
        assert override_answer(database, RUN) == SUPERSEDED
        assert override_answer(database, OFF) is None
        await journal.judge(lambda _: Consequences(taken_over=[(OFF, "taken_over")]))
        assert journal.override_requests() == []
        assert override_answer(database, OFF) == "taken_over"
    await journal.close()
