"""A load: publishes ready-made QoS 1 packets as fast as the broker acknowledges them.

`python -m tests.bench.load PORT MESSAGES telemetry|daily RATE` waits for a line on its input,
publishes, and prints when it began and ended, in milliseconds since 1970. RATE 0 is full speed.
The meters are those of dwellings where nothing is wrong: each sends its hours in order, and draws
no water at night.
Packets are MQTT 3.1.1, whose acknowledgements are four bytes each, so that they are counted and
not read. It must cost less than what it measures.
"""

import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from devices.instant import Instant, iso_of
from ingest.clock import MachineClock, block, stopwatch

CONNECTIONS = 4
WINDOW = 2_000
"""Messages a connection may have unacknowledged."""
_BLOCK = 50
_DEVICES = 10_000
_HOUR = 3_600_000
_UTC_OFFSET_H = 8
_DRAWN_L = (0, 0, 0, 0, 0, 0, 12, 38, 25, 0, 6, 14, 22, 9, 0, 0, 7, 18, 41, 30, 16, 28, 19, 0)
"""Of a dwelling in each hour of a local day: 285 L (general knowledge, not from a standard)."""
_TICK = timedelta(milliseconds=1)
_CLOCK = MachineClock()


def telemetry(meter: int, measured_at: Instant, litres: int, flow_lh: int) -> tuple[str, str]:
    """Return device and payload of one reading, 150 bytes of JSON; `litres` since the first."""
    device, counted_l = f"wm-{meter:06d}", 1_000_000 + 100 * meter + litres
    return device, (
        f'{{"v":1,"type":"telemetry","device":"{device}","measured_at":"{iso_of(measured_at)}",'
        f'"cumulative_m3":{counted_l / 1_000:.3f},"flow_m3h":{flow_lh / 1_000:.3f},'
        '"battery_v":3.61}'
    )


def hourly(number: int, start: Instant) -> tuple[str, str]:
    """Return device and payload of the next hour of a meter; each has one before a second comes."""
    hours, meter = divmod(number, _DEVICES)
    measured_at = start - start % _HOUR + hours * _HOUR
    drawn_l = _drawn_l(measured_at)
    in_the_hour = drawn_l - _drawn_l(measured_at - _HOUR)
    return telemetry(meter, measured_at + meter, drawn_l - _drawn_l(start), in_the_hour)


def daily(number: int, start: Instant) -> tuple[str, str]:
    """Return device and payload of a day of 48 half-hour increments."""
    device = f"wd-{number:06d}"
    increments = ",".join(f"0.00{slot % 10}" for slot in range(48))
    return device, (
        f'{{"v":1,"type":"daily","device":"{device}","frozen_at":"{iso_of(start)}",'
        f'"slot_minutes":30,"cumulative_m3":206.66,"increments_m3":[{increments}]}}'
    )


PAYLOADS: dict[str, Callable[[int, Instant], tuple[str, str]]] = {
    "telemetry": hourly,
    "daily": daily,
}


def _drawn_l(at: Instant) -> int:
    """Return the litres drawn from 1970 up to an hour."""
    days, hour = divmod(at // _HOUR + _UTC_OFFSET_H, 24)
    return days * sum(_DRAWN_L) + sum(_DRAWN_L[:hour])


def packet(device: str, payload: str, packet_id: int) -> bytes:
    """Return a QoS 1 PUBLISH of MQTT 3.1.1."""
    topic = f"gw/v1/water_meter/{device}/up".encode()
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + payload.encode()
    return b"\x32" + _length(len(body)) + body


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, rest = divmod(value, 128)
        encoded.append(rest | (128 if value else 0))
        if not value:
            return bytes(encoded)


class _Publisher:
    """One connection; at most `WINDOW` messages unacknowledged.

    Acknowledgements are looked for once a millisecond, hundreds at a time: the broker sends each by
    itself, and to be woken for each would cost more than to publish.
    """

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name.encode()
        self._socket.sendall(b"\x10" + bytes([len(hello)]) + hello)
        self._socket.recv(4)
        self._sent = 0
        self._heard_bytes = 0

    @property
    def unacknowledged(self) -> int:
        """Messages sent and not acknowledged."""
        return self._sent - self._heard_bytes // 4

    def room(self) -> int:
        """Return how many messages may be sent now."""
        with suppress(BlockingIOError):
            self._heard_bytes += len(self._socket.recv(1 << 16, socket.MSG_DONTWAIT))
        return WINDOW - self.unacknowledged

    def send(self, count: int, packets: bytes) -> None:
        """Send packets."""
        self._sent += count
        self._socket.sendall(packets)


def _blocks(kind: str, numbers: Sequence[int], start: Instant) -> list[tuple[int, bytes]]:
    made = PAYLOADS[kind]
    packets = [
        packet(*made(number, start), 1 + place % 65_535) for place, number in enumerate(numbers)
    ]
    return [
        (len(part), b"".join(part))
        for part in (packets[place : place + _BLOCK] for place in range(0, len(packets), _BLOCK))
    ]


def _full_speed(publishers: Sequence[_Publisher], work: Sequence[list[tuple[int, bytes]]]) -> None:
    left = [iter(blocks) for blocks in work]
    waiting = [next(blocks, None) for blocks in left]
    while any(waiting) or any(publisher.unacknowledged for publisher in publishers):
        for place, publisher in enumerate(publishers):
            room = publisher.room()
            while (block_ := waiting[place]) and block_[0] <= room:
                publisher.send(*block_)
                room -= block_[0]
                waiting[place] = next(left[place], None)
        block(_TICK)


def _paced(publisher: _Publisher, messages: int, rate: int) -> None:
    """Publish `rate` messages a second, each with the present as its `measured_at`; no water."""
    started, sent = stopwatch(), 0
    while sent < messages or publisher.unacknowledged:
        due = min(messages, int((stopwatch() - started) * rate), sent + publisher.room())
        now = _CLOCK.now()
        packets = [
            packet(*telemetry(number % _DEVICES, now, 0, 0), 1 + number % 65_535)
            for number in range(sent, due)
        ]
        publisher.send(len(packets), b"".join(packets))
        sent = due
        block(_TICK)


def _main(port: int, messages: int, kind: str, rate: int) -> None:
    publishers = [_Publisher(port, f"load-{n}") for n in range(CONNECTIONS)]
    start = _CLOCK.now() - (1 + messages // _DEVICES) * _HOUR
    work = [
        [] if rate else _blocks(kind, range(n, messages, CONNECTIONS), start)
        for n in range(CONNECTIONS)
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    began = _CLOCK.now()
    if rate:
        _paced(publishers[0], messages, rate)
    else:
        _full_speed(publishers, work)
    sys.stdout.write(f"{began}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
