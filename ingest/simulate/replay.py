"""The replay: recorded meters as a source, moved by whole weeks towards the present."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta, timezone

from devices.instant import Instant, milliseconds_of
from devices.models.emission import Emission
from devices.topic import Channel, Topic
from ingest.simulate.local_time import local_of
from ingest.simulate.recording import DEVICE_PREFIX, Recorded, Recording

KIND = "water_meter"
WEEK = timedelta(weeks=1)


def weeks_to(now: Instant, recording: Recording) -> int:
    """Return the most whole weeks by which the last reading still lies before now."""
    return (now - recording.last_at - 1) // milliseconds_of(WEEK)


class EndClock:
    """A clock that stands at one instant, the end of a recording from the outset.

    By it a recording is replayed as fast as the broker takes it.
    """

    def __init__(self, end: Instant) -> None:
        self._end = end

    def now(self) -> Instant:
        """Return the end."""
        return self._end

    async def sleep_until(self, instant: Instant) -> None:
        """Return at once: nothing of the recording lies behind its end."""

    def step_ms(self) -> int:
        """Return 0: nobody sets it."""
        return 0


class Replay:
    """The readings of a recording as they leave their meters, `weeks` later than they did.

    A time keeps its weekday, its hour on the wall and the offset it was recorded with; distances
    between readings stay as they are. No command does anything.
    """

    def __init__(self, recording: Recording, weeks: int) -> None:
        self._homes = recording.homes
        self._shift = weeks * WEEK
        self._shift_ms = milliseconds_of(self._shift)
        self.first_at = recording.first_at + self._shift_ms
        self.last_at = recording.last_at + self._shift_ms
        self._doubtful = {home: meter.doubtful_times() for home, meter in recording.meters.items()}
        self._seen: defaultdict[tuple[str, Instant], set[int]] = defaultdict(set)
        self._rest = iter(recording)
        self._next = next(self._rest, None)

    def devices(self) -> Iterator[tuple[str, str]]:
        """Yield the meters."""
        return ((KIND, DEVICE_PREFIX + home) for home in self._homes)

    def next_at(self) -> Instant | None:
        """Return when the next reading leaves."""
        return self._next.leaves_at + self._shift_ms if self._next else None

    def emissions_until(self, instant: Instant) -> Iterator[Emission]:
        """Yield what leaves up to and including the instant, one reading a message."""
        while self._next and self._next.leaves_at + self._shift_ms <= instant:
            reading = self._next
            self._next = next(self._rest, None)
            yield self._emission(reading)

    def obey(self, topic: Topic, payload: bytes, at: Instant) -> tuple[Emission, ...]:  # noqa: ARG002
        """Return nothing: a recording answers no command."""
        return ()

    def flush(self) -> Iterator[Emission]:
        """Yield nothing: what has not left by the end was recorded later."""
        return iter(())

    def _emission(self, reading: Recorded) -> Emission:
        new, repeated = self._novelty(reading)
        topic = Topic(KIND, DEVICE_PREFIX + reading.home, Channel.UP)
        payload = (
            f'{{"v":1,"type":"telemetry","device":"{topic.device}",'
            f'"measured_at":"{self._measured_at(reading)}",'
            f'"cumulative_m3":{reading.litres / 1000}}}'
        )
        at = reading.leaves_at + self._shift_ms
        return Emission(at, topic, payload.encode(), new, repeated)

    def _measured_at(self, reading: Recorded) -> str:
        local = local_of(reading.measured_at)
        offset = timezone(local.utcoffset() or timedelta())
        return (local.replace(tzinfo=offset) + self._shift).isoformat()

    def _novelty(self, reading: Recorded) -> tuple[int, int]:
        """Return 1, 0 for a new reading, 0, 1 for a repeat, 0, 0 for one that conflicts."""
        if reading.measured_at not in self._doubtful[reading.home]:
            return 1, 0
        seen = self._seen[reading.home, reading.measured_at]
        new, repeated = not seen, reading.litres in seen
        seen.add(reading.litres)
        return int(new), int(repeated)
