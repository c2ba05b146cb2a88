"""Door words: what the readings of a door controller say of who lives behind it."""

from datetime import timedelta

from devices.instant import milliseconds_of
from devices.reading import Reading, Values

DOOR_GAP = milliseconds_of(timedelta(hours=26))
"""A longer hole between two words of a controller may have swallowed an opening. A heartbeat comes
once a day or more often, with 2 h of room (general knowledge, not from a standard)."""

_NOT_THE_CONTROLLER = frozenset({"offline", "power_lost"})
_WITHOUT_OCCASION = frozenset({"online", *_NOT_THE_CONTROLLER})
_BY_OTHERS = frozenset({"remote"})
"""A door opened from afar says nothing of who is inside."""


def heard(reading: Reading) -> bool:
    """Return whether the controller was there to notice openings."""
    event = reading.values.get("event")
    if event is None:
        return "door_open" in reading.values
    return event not in _NOT_THE_CONTROLLER


def leaves(reading: Reading) -> bool:
    """Return whether the controller says that from now on it is not there to notice openings."""
    return reading.values.get("event") in _NOT_THE_CONTROLLER


def beats(reading: Reading) -> bool:
    """Return whether the controller spoke of itself, without anybody at the door."""
    return is_of_itself(reading.values) and heard(reading)


def is_of_itself(values: Values) -> bool:
    """Return whether what a controller says is of itself: a heartbeat, or how it is."""
    return values.get("event", "online") in _WITHOUT_OCCASION


def opens(reading: Reading) -> bool:
    """Return whether somebody opened the door in person."""
    values = reading.values
    return values.get("event") == "opened" and values.get("opened_by") not in _BY_OTHERS
