"""Who is asked to end does end."""

import asyncio
from datetime import timedelta

from ingest.cancellation import heed_cancellation
from ingest.clock import pause


async def test_a_cancellation_that_meets_the_end_of_a_wait_is_heeded_after_it() -> None:
    waits, answered = asyncio.Event(), asyncio.Event()
    answers: list[bool] = []

    async def ask_for_ever() -> None:
        while True:
            waits.set()
            answers.append(await asyncio.wait_for(answered.wait(), 10))
            heed_cancellation()
            await asyncio.Event().wait()

    life = asyncio.create_task(ask_for_ever())
    await waits.wait()
    await pause(timedelta())
    answered.set()
    life.cancel()

    async with asyncio.timeout(10):
        await asyncio.wait([life])

    assert life.cancelled()


async def test_who_is_not_asked_to_end_goes_on() -> None:
    heed_cancellation()
