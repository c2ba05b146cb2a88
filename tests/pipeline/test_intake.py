"""What becomes of messages, good and bad, before anything is durable."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from devices.decoding import LARGEST_PAYLOAD, Acceptance, Decoder, Upload
from devices.instant import Instant, iso_of
from devices.privacy import LARGEST_LOOKED_THROUGH
from devices.refusal import Reason
from ingest.flood import WINDOW_MS, FloodGate
from ingest.intake import Intake
from ingest.journal.batch import DeadLetter
from ingest.mqtt.message import Message
from tests.fuzz.law import least_s
from tests.pipeline.messages import NOW, message, raw, telemetry

_GOOD = telemetry(1)


class _Failing(Decoder):
    """A decoder with a defect that shows in one device."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def decode(self, kind: str, device: str, payload: bytes, received_at: Instant) -> Upload:
        if device == "wm-bad":
            raise self._error
        return super().decode(kind, device, payload, received_at)


class PanicException(BaseException):
    """What a compiled library raises when it panics."""


def _intake() -> Intake:
    return Intake(Decoder())


def _only_letter(bad: Message) -> DeadLetter:
    """Return the dead letter of a message between two good ones, which are kept."""
    result = _intake().sort((_GOOD, bad, telemetry(2)))
    assert [reading.values["cumulative_m3"] for reading in result.batch.readings] == [1 / 8, 2 / 8]
    assert result.received.total() == 3
    (letter,) = result.batch.dead_letters
    assert (letter.stage, letter.at) == ("decode", NOW)
    return letter


@pytest.mark.parametrize("error", [KeyError("cumulative_m3"), RecursionError(), PanicException()])
def test_a_decoder_that_raises_costs_one_message_and_not_the_batch(error: BaseException) -> None:
    messages = (telemetry(1), telemetry(2, device="wm-bad"), telemetry(3))

    result = Intake(_Failing(error)).sort(messages)

    assert len(result.batch.readings) == 2
    (letter,) = result.batch.dead_letters
    assert letter.reason == "decoder_raised"
    assert letter.detail.startswith(f"{type(error).__name__} in test_intake.py:")
    assert letter.payload == messages[1].payload


@pytest.mark.parametrize("wish", [KeyboardInterrupt, SystemExit])
def test_a_wish_to_end_is_not_taken_for_a_defect(wish: type[BaseException]) -> None:
    with pytest.raises(wish):
        Intake(_Failing(wish())).sort((telemetry(1, device="wm-bad"),))


def test_an_error_that_quotes_the_payload_does_not_reach_the_dead_letter() -> None:
    intake = Intake(_Failing(ValueError("13800138000")))

    result = intake.sort((telemetry(1, device="wm-bad"),))

    assert "13800138000" not in str(result.batch.dead_letters)


REFUSED: dict[str, tuple[Message, str]] = {
    "not JSON": (raw("gw/v1/water_meter/wm-1/up", b"{"), Reason.NOT_JSON),
    "empty": (raw("gw/v1/water_meter/wm-1/up", b""), Reason.NOT_JSON),
    "an unknown kind": (message("gw/v1/toaster/t-1/up", {"type": "x"}), Reason.UNKNOWN_KIND),
    "a status of an unknown kind": (
        message("gw/v1/toaster/t-1/status", {"online": True}),
        Reason.UNKNOWN_KIND,
    ),
    "another version of the topic": (raw("gw/v2/water_meter/wm-1/up", b"{}"), Reason.TOPIC),
    "another application": (raw("weather", b"{}"), Reason.TOPIC),
    "an unknown channel": (raw("gw/v1/water_meter/wm-1/sideways", b"{}"), Reason.TOPIC),
    "a command": (raw("gw/v1/water_meter/wm-1/down", b"{}"), Reason.TOPIC),
    "a device with a space": (raw("gw/v1/water_meter/w 1/up", b"{}"), Reason.TOPIC),
    "an empty topic": (raw("", b"{}"), Reason.TOPIC),
    "a bad status": (message("gw/v1/door/d-1/status", {"online": 1}), Reason.MISTYPED_FIELD),
    "a bad reply": (
        message("gw/v1/door/d-1/reply", {"id": "c-1", "result": "maybe", "at": iso_of(NOW)}),
        Reason.MISTYPED_FIELD,
    ),
    "as large as is looked through": (
        raw("gw/v1/door/d-1/up", b"x " * (LARGEST_LOOKED_THROUGH // 2)),
        Reason.NOT_JSON,
    ),
    "a malformed packet": (raw("", b"\x32\x00", malformed=True), "malformed_packet"),
}


@pytest.mark.parametrize(("bad", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refused_message_becomes_a_dead_letter_with_its_payload(
    bad: Message, reason: str
) -> None:
    letter = _only_letter(bad)

    assert letter.reason == reason
    assert letter.payload == bad.payload
    assert not letter.withheld


PERSONAL: dict[str, bytes] = {
    "a face in a good payload": b'{"v":1,"type":"heartbeat","device":"d-1",'
    b'"measured_at":"2025-10-09T08:53:20Z","door_open":false,"face":"AAAA"}',
    "a phone number in a payload that is not JSON": b"call 13800138000",
    "a name in a payload for an unknown kind": b'{"ownerName":"x"}',
    "an image": b"\xff\xd8\xff" + b"\0" * 100,
}


@pytest.mark.parametrize("payload", PERSONAL.values(), ids=PERSONAL)
@pytest.mark.parametrize("topic", ["gw/v1/door/d-1/up", "gw/v1/toaster/t-1/up", "elsewhere"])
def test_a_payload_that_may_be_personal_is_withheld(payload: bytes, topic: str) -> None:
    assert _only_letter(raw(topic, payload)).withheld


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (LARGEST_LOOKED_THROUGH + 1, Reason.NOT_JSON),
        (LARGEST_PAYLOAD, Reason.NOT_JSON),
        (LARGEST_PAYLOAD + 1, Reason.TOO_LARGE),
    ],
)
def test_a_refused_payload_that_is_too_large_to_be_looked_through_is_withheld(
    size: int, reason: Reason
) -> None:
    """Whatever it holds: else a device could make the service look through megabytes a second."""
    for unit in ("x", "\ufdfa", "\u0301\u0316"):
        message = raw("gw/v1/door/d-1/up", (unit * size).encode()[:size])
        letter = _only_letter(message)

        assert (letter.reason, letter.withheld) == (reason, True)
        assert least_s(partial(_only_letter, message)) < 0.01


def test_a_malformed_packet_with_personal_data_in_its_topic_is_withheld() -> None:
    packet = b"\x32\x10\x00\x0bp/13800138000"

    assert _only_letter(raw("", packet, malformed=True)).withheld


MASKED = {
    "gw/v1/door/张三/up": "gw/v1/door/??/up",
    "gw/v1/张三/d-1/up": "gw/v1/??/d-1/up",
    "gw/v1/door/<b>\n\x1b[31m/up": "gw/v1/door/?b????31m/up",
    "x" * 300: "x" * 256,
}


@pytest.mark.parametrize("topic", MASKED)
def test_a_topic_keeps_only_what_topics_of_ours_are_made_of(topic: str) -> None:
    assert _only_letter(raw(topic, b"{}")).topic == MASKED[topic]


PERSONAL_TOPICS = {
    "gw/v1/door/13800138000/sideways": "??/??/????/???????????/????????",
    "owner/138-0013-8000/up": "?????/?????????????/??",
}


@pytest.mark.parametrize("topic", PERSONAL_TOPICS)
def test_a_topic_of_others_that_may_be_personal_is_masked(topic: str) -> None:
    assert _only_letter(raw(topic, b"{}")).topic == PERSONAL_TOPICS[topic]


def test_a_device_of_ours_keeps_its_number_however_long() -> None:
    topic = "gw/v1/water_meter/13800138000/up"

    assert _only_letter(raw(topic, b"{}")).topic == topic


def test_status_and_reply_are_kept_apart_from_readings() -> None:
    online = message("gw/v1/door/d-1/status", {"online": True, "firmware": "2.1"})
    reply = message(
        "gw/v1/gas_monitor/g-1/reply", {"id": "c-7", "result": "done", "at": iso_of(NOW)}
    )

    result = _intake().sort((online, _GOOD, reply))

    assert len(result.batch.readings) == 1
    assert [(each.device, each.online, each.at) for each in result.batch.statuses] == [
        ("d-1", True, NOW)
    ]
    assert [(each.device, each.id, each.result) for each in result.batch.replies] == [
        ("g-1", "c-7", "done")
    ]
    assert not result.batch.dead_letters
    assert result.unknown_fields == {"door": 1}
    assert result.received == {
        ("door", "status"): 1,
        ("water_meter", "up"): 1,
        ("gas_monitor", "reply"): 1,
    }


def test_readings_stand_in_the_order_of_arrival() -> None:
    daily = {
        "type": "daily",
        "frozen_at": iso_of(NOW),
        "slot_minutes": 60,
        "cumulative_m3": 9.0,
        "increments_m3": [0.1] * 24,
    }
    messages = (telemetry(3), message("gw/v1/water_meter/wm-2/up", daily), telemetry(1))

    result = Intake(Decoder()).sort(messages)

    readings = result.batch.readings
    assert len(readings) == 26
    assert readings[0].values == {"cumulative_m3": 3 / 8}
    assert readings[-1].values == {"cumulative_m3": 1 / 8}
    assert [reading.measured_at for reading in readings[1:-1]] == [
        NOW - hours * 3_600_000 for hours in range(23, -1, -1)
    ]


@pytest.mark.parametrize("ahead_s", [300, 600])
def test_the_time_of_a_status_is_judged_as_the_settings_say(ahead_s: int) -> None:
    intake = Intake(Decoder(Acceptance(ahead=timedelta(seconds=ahead_s))))
    at = iso_of(NOW + 400_000)
    status = message("gw/v1/door/door-1/status", {"online": True, "at": at})

    batch = intake.sort((status,)).batch

    assert len(batch.statuses) == (ahead_s == 600)
    assert [letter.reason for letter in batch.dead_letters] == (
        [] if batch.statuses else [Reason.IN_THE_FUTURE]
    )


@pytest.mark.parametrize(("most", "taken"), [(0, 12), (5, 5), (12, 12)])
def test_what_a_device_says_above_its_bound_is_let_go_and_one_letter_says_so(
    most: int, taken: int
) -> None:
    intake = Intake(Decoder(), FloodGate(most))
    flood = [telemetry(number, device="wm-flood") for number in range(12)]
    quiet = [telemetry(number, device="wm-quiet") for number in range(3)]

    result = intake.sort([*flood, *quiet])

    by_device = Counter(reading.device for reading in result.batch.readings)
    assert by_device == {"wm-flood": taken, "wm-quiet": 3}
    assert result.shed.total() == 12 - taken
    assert [
        (letter.reason, letter.topic, letter.withheld) for letter in result.batch.dead_letters
    ] == ([] if taken == 12 else [("flood", "gw/v1/water_meter/wm-flood/up", True)])


def test_the_bound_is_for_all_that_a_device_says_and_begins_anew_with_each_window() -> None:
    gate = FloodGate(2)
    instants = [*range(3), WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1, WINDOW_MS + 2]

    assert [gate.takes("d", at) for at in instants] == [True, True, False, False, True, True, False]


def test_a_large_message_counts_as_the_many_readings_that_cost_as_much() -> None:
    gate = FloodGate(1_000)
    large = sum(gate.takes("large", NOW, LARGEST_PAYLOAD) for _ in range(1_000))
    daily = sum(gate.takes("daily", NOW, 1_000) for _ in range(1_000))
    small = sum(gate.takes("small", NOW, 150) for _ in range(1_000))

    assert (large, daily, small) == (3, 250, 1_000)


def test_a_message_that_is_let_go_is_not_looked_at() -> None:
    intake = Intake(Decoder(), FloodGate(1))
    long = raw("gw/v1/door/d-1/up", b"x " * 200)

    result = intake.sort([long])

    assert [letter.reason for letter in result.batch.dead_letters] == ["flood"]


def test_a_clock_that_steps_back_closes_no_gate() -> None:
    gate = FloodGate(1)

    assert [gate.takes("d", at) for at in (50 * WINDOW_MS, 3 * WINDOW_MS)] == [True, True]
