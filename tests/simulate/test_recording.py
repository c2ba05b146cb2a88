import gzip
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from devices.decoding import Acceptance, Decoder
from devices.instant import iso_of
from ingest.simulate.local_time import RepeatedHour
from ingest.simulate.recording import HEADER, Recording, read_recording
from ingest.simulate.refusal import InputError
from ingest.simulate.replay import Replay, weeks_to

SAMPLE = Path(__file__).parents[1] / "samples" / "daiad" / "readings.csv"


def recording(folder: Path, *rows: str, hour: RepeatedHour = RepeatedHour.SUMMER) -> Recording:
    path = folder / "readings.csv"
    path.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
    return read_recording(path, hour)


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("01/03/2016 01:30:20", "2016-03-01T00:30:20.000Z"),
        ("27/03/2016 01:59:59", "2016-03-27T00:59:59.000Z"),
        ("27/03/2016 02:30:00", "2016-03-27T01:30:00.000Z"),
        ("27/03/2016 03:00:00", "2016-03-27T01:00:00.000Z"),
        ("30/10/2016 01:59:59", "2016-10-29T23:59:59.000Z"),
        ("30/10/2016 02:21:30", "2016-10-30T00:21:30.000Z"),
        ("30/10/2016 03:00:00", "2016-10-30T02:00:00.000Z"),
    ],
    ids=["winter", "before", "left-out", "after", "summer", "repeated", "winter-again"],
)
def test_local_time_is_that_of_spain(tmp_path: Path, local: str, instant: str) -> None:
    (reading,) = recording(tmp_path, f"home-01;{local};137241;0")

    assert iso_of(reading.measured_at) == instant


@pytest.mark.parametrize(
    ("hour", "instants"),
    [
        (RepeatedHour.SUMMER, ["00:19:37", "00:19:45", "00:19:37", "02:19:37"]),
        (RepeatedHour.ORDER, ["00:19:37", "00:19:45", "01:19:37", "02:19:37"]),
    ],
)
def test_the_hour_that_comes_twice_is_read_as_told(
    tmp_path: Path, hour: RepeatedHour, instants: list[str]
) -> None:
    times = ("02:19:37", "02:19:45", "02:19:37", "03:19:37")
    rows = [f"home-23;30/10/2016 {time};421433;0" for time in times]

    readings = recording(tmp_path, *rows, hour=hour)

    assert [iso_of(reading.measured_at)[11:19] for reading in readings] == instants


def test_homes_are_merged_by_time_and_each_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    readings = recording(
        tmp_path,
        "a;01/03/2016 01:00:00;1;0",
        "a;01/03/2016 05:00:00;5;4",
        "a;01/03/2016 03:00:00;3;-2",
        "a;01/03/2016 06:00:00;6;3",
        "b;01/03/2016 02:00:00;2;0",
        "b;01/03/2016 04:00:00;4;2",
        "b;01/03/2016 05:30:00;5;1",
    )

    assert [(reading.home, reading.litres) for reading in readings] == [
        ("a", 1), ("b", 2), ("b", 4), ("a", 5), ("a", 3), ("b", 5), ("a", 6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("home-01;01/03/2016 01:30:20;137241", "expected 4 columns"),
        (";01/03/2016 01:30:20;137241;0", "home: expected a name"),
        ("home/01;01/03/2016 01:30:20;137241;0", "home: expected letters"),
        ("home-01;2016-03-01 01:30:20;137241;0", "local_time: expected dd/mm/yyyy HH:MM:SS"),
        ("home-01;30/02/2016 01:30:20;137241;0", "local_time: expected a time that exists"),
        ("home-01;01/03/2016 24:30:20;137241;0", "local_time: expected a time that exists"),
        ("home-01;01/03/2016 01:30:20;-5;0", "reading_litres: expected a whole number"),
        ("home-01;01/03/2016 01:30:20;1.5;0", "reading_litres: expected a whole number"),
        ("home-01;01/03/2016 01:30:20;5;x", "difference_litres: expected a whole number"),
        ("", "expected 4 columns"),
    ],
)
def test_a_bad_line_is_named_with_what_was_expected(
    tmp_path: Path, row: str, expected: str
) -> None:
    with pytest.raises(InputError, match=f"readings.csv, line 3: {expected}"):
        recording(tmp_path, "home-01;01/03/2016 00:30:20;137241;0", row)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "at least one reading"), (b"a;b\n", "line 1: expected the header"), (b"\xff", "UTF-8")],
)
def test_a_file_that_is_no_recording_is_refused(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "readings.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match=expected):
        read_recording(path)


_PACKED = gzip.compress(HEADER.encode() * 9)


@pytest.mark.parametrize(
    "content",
    [b"no gzip", _PACKED[:-9], _PACKED[:20] + bytes(20) + _PACKED[40:]],
    ids=["foreign", "cut short", "overwritten"],
)
def test_a_damaged_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "readings.csv.gz"
    path.write_bytes(content)

    with pytest.raises(InputError, match="can't read"):
        read_recording(path)


def test_round_counters_in_short_notation_are_read(tmp_path: Path) -> None:
    (reading,) = recording(tmp_path, "home-10;24/04/2016 07:09:50;2e+05;1")

    assert reading.litres == 200_000


@pytest.mark.parametrize(
    ("hour", "new", "repeated", "conflicting"),
    [(RepeatedHour.SUMMER, 3_717, 2, 1), (RepeatedHour.ORDER, 3_720, 0, 0)],
)
def test_real_meters_are_replayed_with_their_dirt(
    hour: RepeatedHour, new: int, repeated: int, conflicting: int
) -> None:
    source = Replay(read_recording(SAMPLE, hour), weeks=0)

    emissions = list(source.emissions_until(source.last_at))

    counts = Counter((e.new_readings, e.repeated_readings) for e in emissions)
    assert counts == Counter({(1, 0): new, (0, 1): repeated, (0, 0): conflicting})


def test_each_message_of_a_replay_decodes_to_the_reading_of_its_row() -> None:
    recorded = read_recording(SAMPLE)
    decoder = Decoder(Acceptance(age=timedelta(days=600)))
    now = recorded.last_at

    uploads = [
        decoder.decode(e.topic.kind, e.topic.device, e.payload, now)
        for e in Replay(recorded, weeks=0).emissions_until(now)
    ]

    readings = [reading for upload in uploads for reading in upload.readings]
    assert [(reading.measured_at, reading.values) for reading in readings] == [
        (row.measured_at, {"cumulative_m3": row.litres / 1_000}) for row in recorded
    ]


def test_times_move_by_whole_weeks_and_keep_weekday_hour_and_offset(tmp_path: Path) -> None:
    rows = ("a;26/03/2016 12:00:00;1000;0", "a;28/03/2016 12:00:00;1250;250")
    recorded = recording(tmp_path, *rows)
    now = recorded.last_at + 30 * 7 * 86_400_000 + 1

    source = Replay(recorded, weeks_to(now, recorded))

    head = '{"v":1,"type":"telemetry","device":"daiad-a","measured_at":'
    assert [e.payload.decode() for e in source.emissions_until(now)] == [
        head + '"2016-10-22T12:00:00+01:00","cumulative_m3":1.0}',
        head + '"2016-10-24T12:00:00+02:00","cumulative_m3":1.25}',
    ]


@pytest.mark.parametrize(("later_ms", "weeks"), [(0, -1), (1, 0), (7 * 86_400_000, 0)])
def test_the_last_reading_lies_before_now(tmp_path: Path, later_ms: int, weeks: int) -> None:
    recorded = recording(tmp_path, "a;26/03/2016 12:00:00;1000;0")

    assert weeks_to(recorded.last_at + later_ms, recorded) == weeks
