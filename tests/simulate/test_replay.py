import asyncio
import json
from collections import Counter

import pytest

from ingest.clock import FastClock
from ingest.demo.programs import Mosquitto
from ingest.simulate.layout import Layout
from ingest.simulate.publisher import Publisher
from ingest.simulate.recording import read_recording
from ingest.simulate.replay import EndClock, Replay
from tests.simulate.script import at, listening
from tests.simulate.test_recording import SAMPLE

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("gateways", [0, 2])
async def test_each_row_of_real_meters_arrives(mosquitto: Mosquitto, gateways: int) -> None:
    source = Replay(read_recording(SAMPLE), weeks=0)
    layout = Layout(own_up_to=0, gateways=gateways) if gateways else Layout()
    publisher = Publisher(source, EndClock(source.last_at), at(mosquitto), layout)

    async with listening(mosquitto, "gw/v1/water_meter/+/up") as heard:
        tally = await publisher.run(asyncio.Event())
        await heard.until(3_720)

    rows = SAMPLE.read_text(encoding="utf-8").splitlines()[1:]
    expected = Counter((row.split(";")[0], int(row.split(";")[2])) for row in rows)
    payloads = [json.loads(payload) for _, payload in heard]
    assert expected == Counter(
        (payload["device"].removeprefix("daiad-"), round(payload["cumulative_m3"] * 1_000))
        for payload in payloads
    )
    assert (tally.messages, tally.readings, tally.repeated) == (3_720, 3_717, 2)


async def test_the_pace_is_that_of_the_recording_times_the_speed(mosquitto: Mosquitto) -> None:
    recording = read_recording(SAMPLE)
    source = Replay(recording, weeks=0)
    clock = FastClock(source.first_at, 100_000)
    publisher = Publisher(source, clock, at(mosquitto), Layout())
    end = source.first_at + 86_400_000

    tally = await publisher.run(asyncio.Event(), end)

    assert clock.now() >= end
    assert tally.messages == sum(reading.leaves_at <= end for reading in recording)
