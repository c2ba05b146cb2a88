"""Laws of the outbox: each command leaves while it is meant, and what became of it is kept."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from devices.message import Result
from ingest.clock import MachineClock
from ingest.journal.commands import commands_about
from ingest.journal.consequences import Consequences
from ingest.journal.database import JournalUnavailable, open_reader
from ingest.journal.journal import Journal
from ingest.metrics import Metrics
from ingest.outbox import Outbox
from tests.commands.outbox import LASTS, Broker, post, row
from tests.journal.readings import START


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def test_a_command_leaves_once_with_its_identity_and_its_end(path: Path) -> None:
    async with post(path) as here:
        await here.order(row("a"))
        await here.order(row("a"))
        assert await here.outbox.send()
        assert await here.outbox.send()

        (command,) = here.broker.heard
        assert (command.id, command.command) == ("a", "fan_start")
        assert command.expires_at == START + LASTS
        assert here.broker.expiries == [10]
        kept = here.kept()["a"]
        assert (kept.state, kept.attempts, kept.sent_at) == ("sent", 1, START)


async def test_what_the_broker_does_not_take_is_tried_again_until_it_expires(path: Path) -> None:
    async with post(path, Broker(away=True)) as here:
        await here.order(row("a"), row("b", device="gm-2"))
        assert not await here.outbox.send()
        here.after(LASTS - 1)
        assert not await here.outbox.send()
        assert here.states() == {"a": "queued", "b": "queued"}
        assert here.kept()["a"].attempts == 2

        here.after(1)
        here.broker.away = False
        assert await here.outbox.send()

        assert here.broker.heard == []
        assert here.states() == {"a": "expired", "b": "expired"}
        errors = here.metrics.registry.get_sample_value("gridwatch_command_errors_total")
        assert errors == 4


async def test_a_service_that_was_off_for_longer_than_a_command_lasts_sends_it_not(
    path: Path,
) -> None:
    async with post(path) as here:
        await here.order(row("a"))
    async with post(path) as here:
        here.after(LASTS)
        assert await here.outbox.send()
        assert here.broker.heard == []
        assert here.states() == {"a": "expired"}


async def test_a_kill_between_publication_and_mark_sends_the_same_identity_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post(path) as here:
        await here.order(row("a"))

        async def killed(*_: object) -> None:
            raise JournalUnavailable("the process is gone")

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "commands_tried", killed)
            with pytest.raises(JournalUnavailable):
                await here.outbox.send()
    async with post(path, here.broker) as again:
        await again.outbox.send()
        assert [each.id for each in again.broker.heard] == ["a", "a"]
        assert again.states() == {"a": "sent"}


@pytest.mark.parametrize(
    ("sent", "second", "states"),
    [
        (False, "fan_stop", {"a": "superseded", "b": "queued"}),
        (False, "fan_start", {"a": "superseded", "b": "queued"}),
        (True, "fan_stop", {"a": "sent", "b": "queued"}),
        (True, "fan_start", {"a": "superseded", "b": "queued"}),
    ],
)
async def test_one_of_a_purpose_is_under_way_and_what_has_not_left_gives_way_to_its_opposite(
    path: Path, second: str, states: dict[str, str], *, sent: bool
) -> None:
    async with post(path) as here:
        await here.order(row("a"), row("other", device="gm-2"))
        if sent:
            await here.outbox.send()
        await here.order(row("b", second))
        assert {name: here.states()[name] for name in states} == states
        assert here.states()["other"] != "superseded"


@pytest.mark.parametrize("result", ["done", "refused", "failed", "expired"])
async def test_the_first_answer_of_the_device_itself_counts_however_late(
    path: Path, result: Result
) -> None:
    async with post(path) as here:
        await here.order(row("a"))
        await here.outbox.send()
        await here.answer("a", result, device="gm-9")
        await here.answer("of-nobody", result)
        assert here.states() == {"a": "sent"}
        here.after(LASTS)
        await here.outbox.send()
        assert here.states() == {"a": "unanswered"}

        await here.answer("a", result)
        await here.answer("a", "failed")
        assert here.states() == {"a": result}


async def test_the_proof_of_a_command_is_kept(path: Path) -> None:
    async with post(path) as here:
        await here.order(row("a"))
        for at in (START + 1, START + 2):
            await here.prove("a", at)
        assert here.kept()["a"].proven_at == START + 1


@pytest.mark.parametrize("first", ["proof", "end"])
async def test_what_is_proven_is_not_unanswered(path: Path, first: str) -> None:
    async with post(path) as here:
        await here.order(row("a"))
        await here.outbox.send()
        if first == "proof":
            await here.prove("a", START + 1)
        here.after(LASTS)
        await here.outbox.send()
        if first == "end":
            await here.prove("a", START + 1)
        assert here.states() == {"a": "proven"}
        assert here.counted("proven") == (1 if first == "proof" else None)
        assert here.counted("unanswered") == (None if first == "proof" else 1)
        await here.answer("a", "done")
        assert here.states() == {"a": "done"}


@pytest.mark.parametrize(
    ("sent", "state"), [(True, "unanswered"), (False, "expired")], ids=["sent", "queued"]
)
async def test_what_has_expired_is_not_superseded_by_what_comes_later(
    path: Path, state: str, *, sent: bool
) -> None:
    """The service was down when it expired, and its first reading orders again."""
    async with post(path) as here:
        await here.order(row("a"))
        if sent:
            await here.outbox.send()
    async with post(path) as here:
        here.after(LASTS)
        await here.order(row("b", at=here.clock.instant))
        await here.outbox.send()
        assert here.states() == {"a": state, "b": "sent"}
        assert here.counted(state) == 1


async def test_an_order_that_is_withdrawn_does_not_leave_and_one_that_just_left_is_sent(
    path: Path,
) -> None:
    async with post(path) as here:
        await here.order(row("a"), row("b", device="gm-2"))
        about = partial(commands_about, open_reader(path), "gas_monitor/gm-1")
        await here.journal.judge(lambda _: Consequences(withdrawn=["a"]))
        await here.outbox.send()
        assert [each.id for each in here.broker.heard] == ["b"]
        assert here.states() == {"a": "withdrawn", "b": "sent"}
        assert [each.identity for each in about(START)] == ["a"]
        assert about(START + LASTS) == []

        await here.journal.commands_tried(["a"], ["a"], START + 1)
        await here.journal.judge(lambda _: Consequences(withdrawn=["a"]))
        assert here.states() == {"a": "sent", "b": "sent"}


async def test_commands_are_removed_by_age(path: Path) -> None:
    async with post(path) as here:
        await here.order(row("a"), row("b", at=START + 1, device="gm-2"))
        assert await here.journal.prune_commands(START + 1) == 1
        assert list(here.states()) == ["b"]


async def test_an_order_wakes_the_outbox_at_once(path: Path) -> None:
    async with post(path) as here:
        left = asyncio.Event()
        here.broker.then = left.set
        ordered = asyncio.Event()
        now = MachineClock().now()
        outbox = Outbox(here.journal, here.broker, MachineClock(), Metrics())
        running = asyncio.create_task(outbox.run(ordered))
        await here.order(row("a", at=now))
        ordered.set()
        async with asyncio.timeout(0.9):
            await left.wait()
        running.cancel()
        await asyncio.wait((running,))


async def test_it_says_that_commands_wait_only_after_seconds(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ingest.outbox")
    async with post(path) as here:
        await here.order(row("a"))
        here.broker.away = True
        said = []
        for milliseconds in (0, 2_900, 100, 5_000):
            here.after(milliseconds)
            await here.outbox.send()
            said.append(len(caplog.messages))
        here.broker.away = False
        await here.outbox.send()

    assert said == [0, 0, 1, 1]
    assert caplog.messages == [
        "commands wait: not connected to the broker; trying again until they expire",
        "commands leave again",
    ]


async def test_a_broker_that_is_back_within_seconds_was_never_away(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "ingest.outbox")
    async with post(path) as here:
        await here.order(row("a"))
        for away in (True, False, True):
            here.broker.away = away
            await here.order(row(f"b-{here.clock.instant}", at=here.clock.instant))
            await here.outbox.send()
            here.after(2_900)

    assert caplog.messages == []
