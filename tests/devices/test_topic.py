"""Laws of topics."""

import pytest

from devices.refusal import DecodeError, Reason
from devices.topic import Channel, Topic, parse_topic


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("device", ["a", "wm-0001", "A.b_c-9", "0" * 64])
def test_a_topic_is_the_text_it_was_parsed_from(channel: Channel, device: str) -> None:
    text = f"gw/v1/door/{device}/{channel}"
    assert parse_topic(text) == Topic("door", device, channel)
    assert str(parse_topic(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "gw/v1/door/a",
        "gw/v1/door/a/up/",
        "/gw/v1/door/a/up",
        "gw/v2/door/a/up",
        "GW/v1/door/a/up",
        "gw/v1/door/a/UP",
        "gw/v1/door/a/sideways",
        "gw/v1/door//up",
        "gw/v1/door/a b/up",
        "gw/v1/door/+/up",
        "gw/v1/door/#/up",
        "gw/v1/door/-a/up",
        "gw/v1/door/a\n/up",
        "gw/v1/door/a/up\n",
        "gw/v1/door/门/up",
        f"gw/v1/door/{'0' * 65}/up",
        "$SYS/broker/uptime",
    ],
)
def test_any_other_topic_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(DecodeError) as refusal:
        parse_topic(text)
    assert refusal.value.reason is Reason.TOPIC
    assert "sideways" not in refusal.value.detail


def test_a_device_is_not_named_by_an_identity_number() -> None:
    with pytest.raises(DecodeError) as refusal:
        parse_topic("gw/v1/door/110101199003070011/up")
    assert refusal.value.reason is Reason.PERSONAL_DATA
