"""What the small journal of these tests holds."""

from datetime import datetime

from devices.instant import Instant, instant_of
from devices.message import StatusReport
from devices.reading import Reading
from ingest.journal.batch import DeadLetter

HOSTILE = "\x1b]0;owned\x07\x1b[31m\u202e\x9b2J"
"""Sets a terminal's title, colours it, turns the direction of writing, clears the screen."""


def at(text: str) -> Instant:
    """Return the instant of ISO 8601 text."""
    return instant_of(datetime.fromisoformat(text))


READINGS = (
    Reading(
        "wm-1",
        "water_meter",
        at("2026-03-01T04:00:00+08:00"),
        at("2026-03-01T04:00:01.250+08:00"),
        {"cumulative_m3": 101.5, "battery_v": 3.6, "valve": "open"},
    ),
    Reading(
        "wm-1",
        "water_meter",
        at("2026-03-01T05:00:00+08:00"),
        at("2026-03-01T05:00:01+08:00"),
        {"cumulative_m3": 101.75, "flags": "leak,reverse", "rsrp_dbm": -101},
    ),
    Reading(
        "shared",
        "door",
        at("2026-03-01T00:00:00Z"),
        at("2026-03-01T00:00:00.5Z"),
        {"door_open": False, "uptime_s": 60},
    ),
    Reading(
        "shared",
        "gas_monitor",
        at("2026-03-01T00:00:00Z"),
        at("2026-03-01T00:00:00Z"),
        {"ch4_lel_pct": 2.5, "sensor_status": "ok"},
    ),
)
SILENT = StatusReport("door", "silent", online=True, at=at("2026-03-01T00:00:00Z"))
DEAD_LETTERS = (
    DeadLetter(
        stage="decode",
        reason="not_json",
        detail="expected JSON",
        topic="gw/v1/door/d-1/up",
        payload=f'{{"v":1,\n"text":"{HOSTILE}"'.encode() + b"\xff",
        at=at("2026-03-01T00:00:00Z"),
    ),
    DeadLetter(
        stage="decode",
        reason="personal_data",
        detail=f"field [bold]face[/] {HOSTILE}",
        topic="gw/v1/door/d-1/up",
        payload=b'{"face":"..."}',
        at=at("2026-03-01T00:00:01Z"),
        withheld=True,
    ),
    DeadLetter(
        stage="decode",
        reason="wrong_version",
        detail="v: expected 1",
        topic="gw/v1/gas_monitor/gm-1/up",
        payload=(
            b'{"v":1,"type":"telemetry","device":"gm-1","measured_at":"2026-03-01T00:00:00Z",'
            b'"sensor_status":"ok"}'
        ),
        at=at("2026-03-01T00:00:02Z"),
    ),
)
