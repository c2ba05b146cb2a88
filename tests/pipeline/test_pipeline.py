"""From messages to the journal, and only then the acknowledgement."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta

import pytest

from devices.decoding import Decoder
from ingest.health import Health
from ingest.intake import Intake
from ingest.journal.batch import Batch, Committed
from ingest.journal.database import JournalUnavailable
from ingest.metrics import Metrics
from ingest.mqtt.message import Message
from ingest.pipeline import Pipeline
from ingest.settings import BatchSettings
from tests.pipeline.messages import raw, telemetry

_FIVE_AT_A_TIME = BatchSettings(messages=5, linger_ms=0)


class _Source:
    """Gives what it has, then ends; notes what is acknowledged in the common record of events."""

    def __init__(self, messages: Sequence[Message], events: list[str]) -> None:
        self.acknowledged: list[int] = []
        self._left = deque(messages)
        self._events = events

    async def take(self, most: int, linger: timedelta) -> Sequence[Message]:  # noqa: ARG002 nothing comes later
        return [self._left.popleft() for _ in range(min(most, len(self._left)))]

    def acknowledge(self, messages: Sequence[Message]) -> None:
        self.acknowledged += [message.packet_id for message in messages]
        self._events.append(f"acknowledged {len(messages)}")


class _Record:
    """A journal in memory that fails as often as it is told to."""

    def __init__(self, failures: int, events: list[str]) -> None:
        self.stored = 0
        self._failures = failures
        self._events = events

    async def commit(self, batch: Batch) -> Committed:
        if self._failures:
            self._failures -= 1
            self._events.append("unavailable")
            raise JournalUnavailable("journal: the disk is full")
        self.stored += len(batch.readings)
        self._events.append(f"committed {len(batch.readings)}")
        return Committed(Counter(each.kind for each in batch.readings), Counter(), Counter(), [])


class _Run:
    """A pipeline over some messages, and what happened in which order."""

    def __init__(self, messages: Sequence[Message], failures: int = 0) -> None:
        self.events: list[str] = []
        self.source = _Source(messages, self.events)
        self.record = _Record(failures, self.events)
        self.health = Health()
        self.metrics = Metrics()
        self.stored: list[int] = []
        intake = Intake(Decoder())
        self.pipeline = Pipeline(self.source, intake, self.record, self.metrics, self.health)

    async def finish(self) -> None:
        await self.pipeline.run(_FIVE_AT_A_TIME, self.stored.append)

    def metric(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(name)


async def test_a_message_is_acknowledged_only_after_the_commit() -> None:
    run = _Run([telemetry(number) for number in range(1, 8)])

    await run.finish()

    assert run.events == ["committed 5", "acknowledged 5", "committed 2", "acknowledged 2"]
    assert run.source.acknowledged == [1, 2, 3, 4, 5, 6, 7]
    assert run.stored == [5, 2]


async def test_while_the_journal_is_unavailable_nothing_is_acknowledged_and_nothing_is_lost() -> (
    None
):
    run = _Run([telemetry(number) for number in range(1, 12)], failures=2)
    running = asyncio.create_task(run.finish())
    await asyncio.wait((running,), timeout=0.05)
    assert run.source.acknowledged == []
    assert set(run.health.troubles) == {"journal"}
    assert run.metric("gridwatch_journal_unavailable") == 1

    await running

    assert run.events[:3] == ["unavailable", "unavailable", "committed 5"]
    assert run.source.acknowledged == list(range(1, 12))
    assert run.record.stored == 11
    assert run.health.troubles == {}
    assert run.metric("gridwatch_journal_unavailable") == 0


async def test_refused_messages_are_acknowledged_too() -> None:
    run = _Run([raw("elsewhere", b"?", packet_id=1), telemetry(2)])

    await run.finish()

    assert run.source.acknowledged == [1, 2]
    assert run.metric("gridwatch_batch_messages_sum") == 2


async def test_what_the_journal_cannot_deal_with_ends_the_pipeline_unacknowledged() -> None:
    class Broken(_Record):
        async def commit(self, batch: Batch) -> Committed:  # noqa: ARG002
            raise ValueError("a defect")

    run = _Run([telemetry(1)])
    broken = Pipeline(run.source, Intake(Decoder()), Broken(0, []), run.metrics, run.health)

    with pytest.raises(ValueError, match="a defect"):
        await broken.run(_FIVE_AT_A_TIME, run.stored.append)

    assert run.source.acknowledged == []
