"""What makes a text Chinese."""

import re

_NAMES = ("ONVIF", "DoorForcedOpen", "BACnet", "DoorAlarmState", "DoorOpenTooLong")


def assert_chinese(text: str, *names: str) -> None:
    """Assert that it is Chinese, and holds no English word beside the names of things."""
    for name in (*_NAMES, *names):
        text = text.replace(name, "")
    assert re.search(r"[\u4e00-\u9fff]", text)
    assert not re.search(r"[a-z]{4,}|_|\b(?:of|the|set|by|in)\b", text), text
