"""Decoding: from a message of a device to its readings, or the reason why not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from devices.catalogue import catalogue
from devices.instant import Instant, iso_of, milliseconds_of
from devices.kind import DeviceKind
from devices.reading import Reading
from devices.refusal import DecodeError, Reason

LARGEST_PAYLOAD = 64 * 1024
"""Bytes; a day of 96 increments takes about 1 KiB."""


_new = tuple.__new__
"""Makes a named tuple at a third of the cost, for what is made at each message."""


class Acceptance(NamedTuple):
    """How far from our clock a device's time may lie."""

    ahead: timedelta = timedelta(minutes=5)
    age: timedelta = timedelta(days=40)


class Upload(NamedTuple):
    """The readings that one message brought, and how many unknown fields it held."""

    readings: tuple[Reading, ...]
    unknown_fields: int


class Decoder:
    """Turns messages into readings; holds what it accepts and nothing else.

    `kinds` are those of the catalogue unless others are given.
    """

    def __init__(
        self,
        acceptance: Acceptance = Acceptance(),  # noqa: B008 a frozen value
        kinds: Mapping[str, DeviceKind] | None = None,
    ) -> None:
        self.acceptance = acceptance
        self._ahead = milliseconds_of(acceptance.ahead)
        self._age = milliseconds_of(acceptance.age)
        known = kinds or catalogue()
        self._decoders = {name: kind.decode for name, kind in known.items()}

    def decode(self, kind: str, device: str, payload: bytes, received_at: Instant) -> Upload:
        """Return the readings of an `up` message; DecodeError if any part of it is refused."""
        decoder = self._decoders.get(kind)
        if decoder is None:
            known = ", ".join(self._decoders)
            raise DecodeError(Reason.UNKNOWN_KIND, f"kind: expected one of {known}")
        if len(payload) > LARGEST_PAYLOAD:
            raise DecodeError(Reason.TOO_LARGE, f"payload: at most {LARGEST_PAYLOAD} bytes")
        sender, measured, unknown_fields = decoder(payload)
        if sender != device:
            raise DecodeError(Reason.DEVICE_MISMATCH, "device: expected the device of the topic")
        latest, earliest = received_at + self._ahead, received_at - self._age
        readings = []
        for measured_at, values in measured:
            if not earliest <= measured_at <= latest:
                raise _out_of_time(measured_at, earliest, latest)
            readings.append(_new(Reading, (device, kind, measured_at, received_at, values)))
        return _new(Upload, (tuple(readings), unknown_fields))


def _out_of_time(measured_at: Instant, earliest: Instant, latest: Instant) -> DecodeError:
    if measured_at > latest:
        return DecodeError(Reason.IN_THE_FUTURE, f"time: at most {iso_of(latest)}")
    return DecodeError(Reason.TOO_OLD, f"time: at least {iso_of(earliest)}")
