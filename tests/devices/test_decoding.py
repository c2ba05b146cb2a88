"""Laws of decoding that hold whatever the kind, and of the messages that all kinds share."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from devices.catalogue import catalogue
from devices.decoding import LARGEST_PAYLOAD, Acceptance, Decoder
from devices.instant import instant_of, milliseconds_of
from devices.message import decode_command, decode_reply, decode_status
from devices.refusal import DecodeError, Reason
from devices.sample import Sample, samples_of
from devices.topic import Channel, Topic

AT = instant_of(datetime(2026, 2, 28, 20, 0, tzinfo=UTC))
STATUS_TOPIC = Topic("gas_monitor", "a", Channel.STATUS)
STATUS = '{"v":1,"device":"a","online":true,"at":"2026-03-01T04:00:00+08:00"}'
COMMAND = (
    '{"v":1,"device":"a","id":"c-1","command":"fan_start",'
    '"expires_at":"2026-03-01T04:00:00+08:00","arguments":{"minutes":15}}'
)
REPLY = (
    '{"v":1,"device":"a","id":"c-1","result":"failed",'
    '"at":"2026-03-01T04:00:00+08:00","reason":"no_current"}'
)
GOOD = tuple(
    next(sample for sample in samples_of(kind) if sample.group == "good") for kind in catalogue()
)

every_kind = pytest.mark.parametrize("good", GOOD, ids=lambda sample: sample.kind)
every_message = pytest.mark.parametrize("name", ["status", "command", "reply"])


def refusal(sample: Sample, payload: bytes, decoder: Decoder | None = None) -> DecodeError:
    with pytest.raises(DecodeError) as raised:
        (decoder or Decoder()).decode(sample.kind, sample.device, payload, sample.received_at)
    return raised.value


def shared(name: str, payload: str) -> object:
    if name == "status":
        return decode_status(STATUS_TOPIC, payload.encode(), AT)
    if name == "command":
        return decode_command(STATUS_TOPIC, payload.encode())
    return decode_reply(STATUS_TOPIC, payload.encode(), AT)


def plain(name: str) -> str:
    return {"status": STATUS, "command": COMMAND, "reply": REPLY}[name]


@every_kind
def test_64_kib_are_taken_and_one_byte_more_is_not(good: Sample) -> None:
    padded = good.payload.ljust(LARGEST_PAYLOAD)
    assert Decoder().decode(good.kind, good.device, padded, good.received_at).readings
    assert refusal(good, padded + b" ").reason is Reason.TOO_LARGE


@every_kind
def test_how_far_a_time_may_lie_from_ours_is_a_setting(good: Sample) -> None:
    narrow = Decoder(Acceptance(ahead=timedelta(seconds=1), age=timedelta(seconds=1)))
    assert refusal(good, good.payload, narrow).reason is Reason.TOO_OLD
    earlier = good._replace(received_at=good.received_at - milliseconds_of(timedelta(minutes=1)))
    assert refusal(earlier, good.payload, narrow).reason is Reason.IN_THE_FUTURE


def test_a_kind_that_is_not_known_is_refused() -> None:
    stranger = GOOD[0]._replace(kind="toaster")
    assert refusal(stranger, stranger.payload).reason is Reason.UNKNOWN_KIND


@every_kind
def test_a_refusal_repeats_nothing_of_the_payload(good: Sample) -> None:
    tree = json.loads(good.payload)
    for key in tree:
        spoilt = json.dumps(tree | {key: "a canary!", "a canary!": 1}).encode()
        refused = refusal(good, spoilt)
        assert "canary" not in str(refused)
        assert refused.__cause__ is None


@pytest.mark.parametrize("payload", [b"[" * 60_000, b'{"a":' * 10_000, b"a " * 30_000])
@every_kind
def test_depth_and_length_are_refused_like_anything_else(good: Sample, payload: bytes) -> None:
    assert refusal(good, payload).reason is Reason.NOT_JSON


def test_a_status_report_tells_since_when_and_a_will_since_it_was_heard() -> None:
    assert shared("status", STATUS) == ("gas_monitor", "a", True, AT, 0)
    will = shared("status", '{"v":1,"device":"a","online":false}')
    assert will == ("gas_monitor", "a", False, AT, 0)


@pytest.mark.parametrize("minutes", [-5, -1, 0, 1])
def test_a_status_report_is_never_later_than_we_heard_it(minutes: int) -> None:
    """Else the last will of a device whose clock is ahead would seem the older report."""
    heard_at = AT + milliseconds_of(timedelta(minutes=minutes))
    status = decode_status(STATUS_TOPIC, STATUS.encode(), heard_at)
    assert status.at == min(AT, heard_at)


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [
        ("status", -1, Reason.IN_THE_FUTURE),
        ("reply", -1, Reason.IN_THE_FUTURE),
        ("status", 400, None),
        ("reply", 40, None),
        ("reply", 41, Reason.TOO_OLD),
    ],
)
def test_status_reports_and_replies_come_from_the_past(
    name: str, days: int, reason: Reason | None
) -> None:
    decode = {"status": decode_status, "reply": decode_reply}[name]
    heard_at = AT + milliseconds_of(timedelta(days=days))
    assert reason_of(lambda: decode(STATUS_TOPIC, plain(name).encode(), heard_at)) is reason


def reason_of(decode: Callable[[], object]) -> Reason | None:
    try:
        decode()
    except DecodeError as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("name", ["command", "reply"])
def test_the_id_of_a_command_is_no_identity_number(name: str) -> None:
    with pytest.raises(DecodeError) as refused:
        shared(name, plain(name).replace("c-1", "110101199003070011"))
    assert refused.value.reason is Reason.PERSONAL_DATA


def test_a_command_and_its_reply_carry_the_same_id() -> None:
    command = ("gas_monitor", "a", "c-1", "fan_start", AT, {"minutes": 15})
    assert shared("command", COMMAND) == command
    reply = ("gas_monitor", "a", "c-1", "failed", "no_current", AT, AT, 0)
    assert shared("reply", REPLY) == reply


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('"v":1', '"v":2', Reason.WRONG_VERSION),
        ('"device":"a"', '"device":"b"', Reason.DEVICE_MISMATCH),
        ('"device":"a",', "", Reason.MISSING_FIELD),
        ("+08:00", "", Reason.MISTYPED_FIELD),
        ("2026", "1772308800", Reason.MISTYPED_FIELD),
        ('"v":1', '"v":1,"cell":{"id":1},"ownerName":"x"', Reason.PERSONAL_DATA),
        ('"v":1', '"v":2,"photo":"x"', Reason.PERSONAL_DATA),
        ("}", "", Reason.NOT_JSON),
        ("{", " " * LARGEST_PAYLOAD + "{", Reason.TOO_LARGE),
    ],
)
@every_message
def test_messages_of_all_kinds_are_refused_alike(
    name: str, before: str, after: str, reason: Reason
) -> None:
    with pytest.raises(DecodeError) as refused:
        shared(name, plain(name).replace(before, after))
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("status", "true", "1"),
        ("command", "c-1", "c_1"),
        ("command", "c-1", "c" * 65),
        ("command", "fan_start", "fan start"),
        ("command", "15", "[15]"),
        ("command", "15", "NaN"),
        ("command", "minutes", "Minutes"),
        ("command", "15", '"%s"' % ("a " * 129)),
        ("command", "15", "null"),
        ("command", '{"minutes":15}', "[]"),
        ("reply", "c-1", ""),
        ("reply", "failed", "perhaps"),
        ("reply", "no_current", "No current!"),
    ],
)
def test_a_message_with_a_field_of_another_form_is_refused(
    name: str, before: str, after: str
) -> None:
    with pytest.raises(DecodeError) as refused:
        shared(name, plain(name).replace(before, after))
    assert refused.value.reason is Reason.MISTYPED_FIELD


@pytest.mark.parametrize(
    "arguments", ['{"owner_name":"x"}', '{"person":"x"}', '{"note":"13800138000"}']
)
def test_arguments_of_a_command_carry_no_personal_data(arguments: str) -> None:
    with pytest.raises(DecodeError) as refused:
        shared("command", COMMAND.replace('{"minutes":15}', arguments))
    assert refused.value.reason is Reason.PERSONAL_DATA


def test_the_refusal_of_an_argument_does_not_repeat_its_name() -> None:
    with pytest.raises(DecodeError) as refused:
        shared("command", COMMAND.replace("minutes", "A Canary"))
    assert "Canary" not in str(refused.value)


def test_a_person_in_the_arguments_is_a_pseudonym() -> None:
    payload = COMMAND.replace('{"minutes":15}', '{"person":"p-0123456789abcdef"}')
    command = shared("command", payload)
    assert isinstance(command, tuple)
    assert command[-1] == {"person": "p-0123456789abcdef"}
