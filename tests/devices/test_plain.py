"""The law of plain payloads: read without their model, they say what they say with it."""

import random
from itertools import product

import pytest

from devices.catalogue import catalogue
from devices.kinds.door.payload import Event
from devices.kinds.gas_monitor.payload import Telemetry as Air
from devices.kinds.water_meter.payload import ADAPTER, Telemetry, measured
from devices.payload import Decode, Decoded, Payload, json_decoder
from devices.plain import plain_first
from devices.refusal import DecodeError
from tests.devices.oddities import TEXTS
from tests.devices.test_kinds_generated import MAKERS, SAMPLES

SEED = 20260301
INPUTS = 4_000
BY_MODEL = json_decoder(ADAPTER, measured)
WATER = catalogue()["water_meter"].decode
DAYS = ("2026-03-01", "2028-02-29", "2026-02-29", "2026-13-01", "0000-01-01", "0001-01-01")
HOURS = ("00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "12:00", "12:00:00.0005")
FRACTIONS = ("", ".1", ".0015", ".0025", ".999999", ".9999999", ".", ",5")
OFFSETS = ("Z", "z", "", "+08:00", "-00:30", "+0800", "+08", "+19:59", "+24:00", "+08:75", "-23:59")


def outcome(decode: Decode, payload: bytes) -> str:
    """All that is said, types and order included, or the refusal in its words."""
    try:
        return repr(decode(payload))
    except DecodeError as error:
        return f"{error.reason}: {error.detail}"


def test_whatever_arrives_is_read_alike_with_and_without_its_model() -> None:
    dice = random.Random(SEED)
    read = 0
    for _ in range(INPUTS):
        sample = dice.choice(SAMPLES["water_meter"])
        scrap, odd = dice.randbytes(dice.randint(0, 8)), dice.choice(TEXTS)
        payload = dice.choice(MAKERS)(dice, sample, scrap, odd)
        came = outcome(WATER, payload)
        assert came == outcome(BY_MODEL, payload), payload
        read += came.startswith(Decoded.__name__)
    assert read > INPUTS // 20, "the inputs should reach readings"


def test_every_time_is_read_alike_with_and_without_the_model() -> None:
    times = [day + "T" + "".join(rest) for day, *rest in product(DAYS, HOURS, FRACTIONS, OFFSETS)]
    payload = '{"v":1,"type":"telemetry","device":"a","measured_at":"%s","cumulative_m3":1}'
    outcomes = {time: outcome(BY_MODEL, (payload % time).encode()) for time in times}
    assert {time: outcome(WATER, (payload % time).encode()) for time in times} == outcomes


@pytest.mark.parametrize("reordered", [False, True])
def test_what_is_plain_is_read_without_the_model(*, reordered: bool) -> None:
    parts = ['"v":1', '"type":"telemetry"', '"device":"a"', '"measured_at":"2026-03-01T04:00:00Z"']
    parts += ['"cumulative_m3":7', '"battery_v":3.61', '"flags":["leak","burst"]', '"ecl":null']
    payload = "{" + ",".join(reversed(parts) if reordered else parts) + "}"
    values = {"cumulative_m3": 7.0, "battery_v": 3.61, "flags": "burst,leak"}
    decoded = plain_first(Telemetry, lambda sent: sent | {"flags": "burst,leak"}, never)
    assert decoded(payload.encode()) == ("a", ((1772337600000, values),), 0)
    assert outcome(WATER, payload.encode()) == outcome(BY_MODEL, payload.encode())


def never(payload: bytes) -> Decoded:
    raise AssertionError(payload)


@pytest.mark.parametrize("model", [Air, Event])
def test_a_model_that_looks_at_several_fields_is_never_plain(model: type[Payload]) -> None:
    with pytest.raises(TypeError, match=model.__name__):
        plain_first(model, lambda sent: sent, never)
