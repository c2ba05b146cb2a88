"""Laws of the clocks of a demonstration."""

import asyncio
from pathlib import Path

from ingest.clock import Leg, MachineClock, PacedClock, stopwatch
from ingest.demo.pace import TOGETHER_MS, Pace, pace_of, words_of

HOUR = 3_600_000
LEGS = (Leg(HOUR, 100_000.0), Leg(HOUR // 2, 50_000.0))


def test_a_clock_of_legs_begins_before_the_present_and_ends_in_it() -> None:
    now = MachineClock().now()

    begins, has_ended = PacedClock(now, LEGS), PacedClock(now - 1_000, LEGS)

    assert begins.start == now + 72 - 3 * HOUR // 2
    assert begins.start <= begins.now() < now
    assert 0 <= has_ended.now() - now < 10_000


async def test_sleepers_wake_when_the_clock_of_legs_shows_their_instant() -> None:
    clock = PacedClock(MachineClock().now(), LEGS)

    await clock.sleep_until(clock.start + HOUR + 1)

    assert clock.now() > clock.start + HOUR


async def test_both_clocks_are_held_until_the_cue_and_then_show_the_same(tmp_path: Path) -> None:
    held_at = MachineClock().now() - TOGETHER_MS
    pace = Pace(held_at, tmp_path / "cue")
    devices, service = pace.of_devices(held_at - HOUR), pace_of(words_of(pace)).of_service()
    sleeping = asyncio.create_task(service.sleep_until(held_at + 1))

    await devices.sleep_until(held_at)
    before = (devices.now(), service.now(), sleeping.done())
    pace.go_on()
    started = stopwatch()
    await sleeping
    first, second = devices.now(), service.now()
    took_ms = (stopwatch() - started) * 1000

    assert before == (held_at, held_at, False)
    assert held_at < first <= second <= first + 36 * took_ms
    assert second < MachineClock().now()
