"""The tools of the proof: what they start they also end."""

import asyncio

from tests.proof.befalling import end


async def test_who_swallows_a_cancellation_is_asked_again() -> None:
    began = asyncio.Event()

    async def stubborn() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    life = asyncio.create_task(stubborn())
    await began.wait()

    async with asyncio.timeout(10):
        await end([life])

    assert life.cancelled()
