"""Bad payloads, at least one of each reason there is, and the dead letters they must become."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from devices.instant import Instant, iso_of, milliseconds_of
from tests.proof.message import Letter, Message

PERSONAL = b"synthetic-face-vector"
"""Stands for personal data in the payloads that hold some: it must not be found anywhere."""

_MONTH = timedelta(days=30)
_YEAR = timedelta(days=365)


class Bad(NamedTuple):
    """A payload that is refused; NOW, NEXT_MONTH, LAST_YEAR and DEVICE stand for what they say."""

    reason: str
    payload: bytes
    kind: str = "water_meter"
    device: str = "bad"
    withheld: bool = False

    def message(self, number: int, now: Instant) -> Message:
        """Return the message; no two with different numbers have the same topic."""
        device = f"{self.device}-{number}"
        payload = self.payload.replace(b"DEVICE", device.encode())
        for word, instant in (
            (b"NOW", now),
            (b"NEXT_MONTH", now + milliseconds_of(_MONTH)),
            (b"LAST_YEAR", now - milliseconds_of(_YEAR)),
        ):
            payload = payload.replace(word, iso_of(instant).encode())
        topic = f"gw/v1/{self.kind}/{device}/up"
        kept = None if self.withheld else payload
        return Message(topic, payload, letter=Letter("decode", self.reason, topic, kept))


def _telemetry(
    rest: bytes, *, head: bytes = b'"v":1,"device":"DEVICE"', at: bytes = b"NOW"
) -> bytes:
    return b'{%b,"type":"telemetry","measured_at":"%b"%b}' % (head, at, rest)


_GOOD = b',"cumulative_m3":3.5'

BAD = (
    Bad("not_json", b'{"v":1,"device":"DEVICE","type":"tele'),
    Bad("not_json", b"\xfe\x00\x01 not text"),
    Bad("not_json", b""),
    Bad("wrong_version", _telemetry(_GOOD, head=b'"v":2,"device":"DEVICE"')),
    Bad("unknown_type", b'{"v":1,"device":"DEVICE","type":"horoscope"}'),
    Bad("missing_field", _telemetry(b"")),
    Bad("mistyped_field", _telemetry(b',"cumulative_m3":"3.5"')),
    Bad("not_finite", _telemetry(b',"cumulative_m3":NaN')),
    Bad("out_of_range", _telemetry(_GOOD + b',"battery_v":99')),
    Bad(
        "inconsistent",
        b'{"v":1,"device":"DEVICE","type":"event","measured_at":"NOW","event":"closed",'
        b'"opened_by":"card"}',
        kind="door",
    ),
    Bad("device_mismatch", _telemetry(_GOOD, head=b'"v":1,"device":"another"')),
    Bad("in_the_future", _telemetry(_GOOD, at=b"NEXT_MONTH")),
    Bad("too_old", _telemetry(_GOOD, at=b"LAST_YEAR")),
    Bad("too_large", _telemetry(_GOOD + b" " * 65_536), withheld=True),
    Bad("personal_data", _telemetry(_GOOD + b',"faceFeature":"' + PERSONAL + b'"'), withheld=True),
    Bad("personal_data", b'{"owner_name":"' + PERSONAL + b'"}', kind="door", withheld=True),
    Bad("personal_data", b'{"phone":"' + PERSONAL, withheld=True),
    Bad("unknown_kind", _telemetry(_GOOD), kind="toaster"),
    Bad("unknown_kind", b'{"phone":"' + PERSONAL + b'"}', kind="toaster", withheld=True),
    Bad("topic", _telemetry(_GOOD), device=".hidden"),
)


def planted(copies: int, now: Instant, name: str = "") -> Iterator[Message]:
    """Yield each bad payload so many times, no two the same, of devices whose names begin so."""
    for number, bad in enumerate(BAD * copies):
        device = bad.device if bad.reason == "topic" else f"{name}{bad.device}"
        yield bad._replace(device=device).message(number, now)
