"""Laws of privacy: what must never enter, and what must not be mistaken for it."""

import base64
import json
import random

import pytest

from devices.catalogue import catalogue
from devices.decoding import Decoder, Upload
from devices.privacy import (
    holds_personal_data,
    is_disguised,
    is_identity_number,
    is_personal_key,
    is_personal_value,
    mentions_personal_data,
)
from devices.refusal import DecodeError, Reason
from devices.sample import Sample, samples_of
from tests.fuzz.law import LONGEST_S, least_s

GOOD = tuple(
    next(sample for sample in samples_of(kind) if sample.group == "good") for kind in catalogue()
)
MARKS = "\u0301\u0316"
"""Combining marks out of their order."""
CODE = base64.b64encode(bytes(range(193))).decode().rstrip("=")[:257]
"""What 193 octets take in base64: more than the frame of a meter."""
METER, DOOR = (
    next(s for s in samples_of(kind) if s.group == "good") for kind in ("water_meter", "door")
)
PERSONAL_KEYS = [
    "face", "FACE", "faceImage", "face_img", "user-face", "f_a_c_e", "faceid2", "ｆａｃｅ",
    "interface_face", "feature", "feature_vector", "photo", "PhotoUrl", "image", "pic", "userPic",
    "picture_1", "snapshot", "embedding", "fingerprint_template", "biometric",
    "name", "Name", "NAME", "first name", "realname", "ownerName", "care_name", "resident.name",
    "xm", "xingming", "phone", "mobile", "telephone_no", "tel", "TEL", "homeTel", "sjh",
    "idCard", "id_card_no", "ID-No", "idno", "residentIdNumber", "identity", "sfzh", "passportNo",
    "email", "wechat_id", "pics", "lxdh", "iris", "palm-vein",
    "人脸图片", "面部数据", "头像", "用户名", "联系方式", "证件类型",
    "姓名", "住户姓名", "联系电话", "手机号码", "身份证号", "姓\u200b名",
]  # fmt: skip
HARMLESS_KEYS = [
    "interface", "surface_temperature_c", "interfaces", "hostname", "firmwareName", "file_name",
    "deviceName", "namespace", "nameplate_flow", "microphone", "photocell_lux", "mobile_network",
    "mobileCountryCode", "feature_flags", "firmware_image", "grid_no", "gridNumber", "valid_notice",
    "android_notes", "liquid_no", "device_id_no", "cert_fingerprint", "telemetry_period_s",
    "intelligent", "topic", "epic", "person", "imei", "iccid", "cell_id", "identifier", "uptime_ms",
    "温度", "电池电压", "序列号",
]  # fmt: skip
PERSONAL_VALUES: list[object] = [
    "13800138000", "+86 138 0013 8000", "0086-13800138000", "call 138-0013-8000 now", 13800138000,
    13800138000.0, "023-67651234", "11010119900307001X", "id 110101199003070010.",
    110101199003070010, "１３８００１３８０００", "/9j/4AAQSkZJRgABAQ", "data:image/png;base64,xx",
    "iVBORw0KGgoAAAANSUhEUg", "FFD8FFE000104A46494600010101".lower(), "x" * 513,
    "/9j/2wBDAAgGBgcGBQ", "_9j_4AAQSkZJRgABAQ", "AAAAGGZ0eXBoZWljAAAA", CODE, f"blob:{CODE}",
    [0.1] * 128, list(range(512)), [None, *[0.1] * 128], ["0.1"] * 128, [[0.1] * 64, [0.2] * 64],
    [[[1] * 16] * 4] * 2, dict.fromkeys(map(str, range(128)), 0.5), "1," * 128, "138.0013.8000",
    "110101 19900307 001X", "023 67651234", "name=x", "姓名：x", "<phone>1",
    '{"name":"x"}', '{\\"phone\\":1}', '[{"\\u0066ace":1}]',
]  # fmt: skip
HARMLESS_VALUES: list[object] = [
    "face", "id_card", "fingerprint", "opened by face: ok", "", "68" * 185, "QUJD" * 64, CODE[1:],
    [[1] * 31] * 4, [{"a": 1, "b": 2}] * 96, "106.55123456", "ok: door closed", "x" * 512,
    [0] * 127,
    ["a"] * 500, "2026-03-01T04:00:00+08:00", 1772308800, 1772308800000, "1772308800000",
    "861234567890123", "89860012345678901234", "21081300004575", 10**30, -13800138000, 0.13800138,
    "0.13800138000", "fw13800138000", True, None, 1e308, float("nan"), float("inf"),
    "550e8400-e29b-41d4-a716-446655440000", "v1.38.0013", '{"hostname":"x"}',
]  # fmt: skip
BROKEN_BUT_TELLING = [
    b'{"name":"x"', b"{'name': 'x'}", b"{name: 'x'}", b"name=x&v=1", b"<person><name>x</name>",
    b"v=1&phone=1", b'{"a":{"b":[{"Face" : "x', b'{"\\u0066ace":1}', b'{"x":"{\\"name\\":\\"y\\"}"',
    b'{"x":"{\\"y\\":\\"{\\\\\\"name\\\\\\":1}\\"}"', '{"姓名":"x"'.encode("gb18030"),
    '{"姓名":"x"'.encode(), '{"name":1}'.encode("utf-16"), b"tel 13800138000", b"\xff\xd8\xff\xe0",
    b'{"person":"somebody"}', b'{"person": "13800138000"}', b"11010119900307001X",
    b'{"serial":"11010119900307001X"}', b'{"x":"' + b"QUJD" * 200 + b'"}', b'{"face":"","face":1',
    b"[" + b"-0.125," * 127 + b"1]", b'{"x":"\\/9j\\/4AAQ"}', b"\x89PNG\r\n\x1a\n",
    b'{"x":"name=y"', '{"x":"姓名：y"'.encode(), b'{"key":"phone","value":1', CODE.encode(),
    b"[[0.125," + b"0.125]," * 130, b"[" + b'"0.1",' * 130, b'{"person":"p-0000013800138000"',
    b'{"serial":"110101199003070011"}', b'{"user":"somebody"',
]  # fmt: skip
BROKEN_AND_HARMLESS = [
    b"", b"\x00", b"{}", b"hello", b'{"v":2}', b'{"event":"opened","opened_by":"face"}',
    b'{"device":"13800138000","serial":"19030012345"}', b'{"face_reader": true, "name":null}',
    b'{"increments_m3":[' + b"0.001," * 96 + b"0.001]}", b'{"hostname":"x"', b"interface: down",
    b"68107545000013082181AC9097002B606620002B308001002B0000000000000000350000000092270000",
    bytes(range(128)), b'{"person":"p-0123"}', b'{"at":"2026-03-01T04:00:00+08:00"',
]  # fmt: skip


@pytest.mark.parametrize("key", PERSONAL_KEYS)
def test_a_personal_key_is_found_however_it_is_spelt(key: str) -> None:
    assert is_personal_key(key)


@pytest.mark.parametrize("key", HARMLESS_KEYS)
def test_a_harmless_key_is_not_mistaken(key: str) -> None:
    assert not is_personal_key(key)


@pytest.mark.parametrize("value", PERSONAL_VALUES, ids=lambda value: str(value)[:24])
def test_a_personal_value_is_found_under_any_key(value: object) -> None:
    assert is_personal_value(value)
    assert holds_personal_data({"a": [{"b": value}]})
    assert holds_personal_data({"a": [1, [value]]})


@pytest.mark.parametrize("value", HARMLESS_VALUES, ids=lambda value: str(value)[:24])
def test_a_harmless_value_is_not_mistaken(value: object) -> None:
    assert not is_personal_value(value)
    assert not holds_personal_data({"a": [{"b": value}]})


@pytest.mark.parametrize("key", ["face", "name", "phone", "姓名"])
@pytest.mark.parametrize("value", [None, True, False])
def test_null_and_booleans_tell_nothing_of_a_person(key: str, value: object) -> None:
    assert not holds_personal_data({key: value})


def test_a_number_of_a_person_may_stand_in_a_key() -> None:
    assert holds_personal_data({"13800138000": True})


@pytest.mark.parametrize("key", ["person", "Resident", "owner", "user", "dwelling", "业主", "户主"])
def test_where_a_person_stands_text_is_a_pseudonym(key: str) -> None:
    assert holds_personal_data({key: "somebody"})
    assert not holds_personal_data({key: "p-0123456789abcdef"})


@pytest.mark.parametrize("namer", ["key", "k", "field", "label", "attr", "n"])
def test_an_object_that_names_its_key_in_a_value_is_judged_by_it(namer: str) -> None:
    assert holds_personal_data([{namer: "ownerName", "value": "x"}])
    assert not holds_personal_data([{namer: "flow", "value": 1}, {namer: "face"}])


@pytest.mark.parametrize(
    "digits",
    ["0000013800138000", "1380013800000000", "13800138000fffff", "0008613800138000",
     "8613800138000000", "1101011990030700"],
)  # fmt: skip
def test_a_number_of_a_person_is_no_pseudonym(digits: str) -> None:
    assert is_disguised(f"p-{digits}")
    assert is_disguised(f"d-{digits}")
    assert reason_of(DOOR, spoilt(DOOR, person=f"p-{digits}")) is Reason.PERSONAL_DATA
    assert reason_of(DOOR, spoilt(DOOR, dwelling=f"d-{digits}")) is Reason.PERSONAL_DATA


def test_hashes_are_pseudonyms() -> None:
    dice = random.Random(1)
    assert not any(is_disguised(f"p-{dice.getrandbits(64):016x}") for _ in range(20_000))


@pytest.mark.parametrize(
    ("text", "is_number"),
    [
        ("110101199003070011", True),
        ("11010119900307003X", False),
        ("110101199003070012", False),
        ("210813000045751234", False),
        ("11010119900307001", False),
    ],
)
def test_an_identity_number_is_known_by_its_check_digit(text: str, *, is_number: bool) -> None:
    assert is_identity_number(text) is is_number
    if is_number:
        assert reason_of(METER, spoilt(METER, serial=text)) is Reason.PERSONAL_DATA
    else:
        assert decoded(METER, spoilt(METER, serial=text)).readings


def spoilt(sample: Sample, **fields: str) -> bytes:
    return json.dumps(json.loads(sample.payload) | fields).encode()


@pytest.mark.parametrize("payload", BROKEN_BUT_TELLING, ids=lambda payload: repr(payload)[:40])
def test_a_broken_payload_does_not_hide_personal_data(payload: bytes) -> None:
    assert mentions_personal_data(payload)


@pytest.mark.parametrize("payload", BROKEN_AND_HARMLESS, ids=lambda payload: repr(payload)[:40])
def test_a_broken_payload_is_kept_for_diagnosis_if_it_is_harmless(payload: bytes) -> None:
    assert not mentions_personal_data(payload)


@pytest.mark.parametrize("sample", GOOD, ids=lambda sample: sample.kind)
@pytest.mark.parametrize("key", PERSONAL_KEYS)
def test_a_personal_key_is_refused_in_every_kind_broken_or_not(sample: Sample, key: str) -> None:
    tree = json.loads(sample.payload)
    for changed in (
        tree | {key: "x"},
        tree | {"more": {"list": [{key: [1]}]}},
        tree | {key: "x", "v": 2},
        tree | {key: {"a": 1}, "measured_at": None},
    ):
        for ascii_only in (True, False):
            payload = json.dumps(changed, ensure_ascii=ascii_only).encode()
            assert reason_of(sample, payload) is Reason.PERSONAL_DATA
            assert mentions_personal_data(payload)


@pytest.mark.parametrize("sample", GOOD, ids=lambda sample: sample.kind)
def test_harmless_keys_and_values_cost_no_reading(sample: Sample) -> None:
    harmless = {f"f{number}": value for number, value in enumerate(HARMLESS_VALUES)}
    tree = dict.fromkeys(HARMLESS_KEYS, 1) | harmless | json.loads(sample.payload)
    upload = decoded(sample, json.dumps(tree).encode())
    taken = set(HARMLESS_KEYS) & set(json.loads(sample.payload))
    assert upload.unknown_fields == len(HARMLESS_VALUES) + len(HARMLESS_KEYS) - len(taken)


@pytest.mark.parametrize("kind", list(catalogue()))
def test_a_harmless_refusal_is_never_called_personal(kind: str) -> None:
    broken = [sample for sample in samples_of(kind) if sample.refused is not None]
    called = [sample.name for sample in broken if mentions_personal_data(sample.payload)]
    personal = [sample.name for sample in broken if sample.refused is Reason.PERSONAL_DATA]
    assert called == personal


@pytest.mark.parametrize(
    "unit",
    [
        *(b'"a', b'":', b"\\", b"9,", b"a ", b"1", b"A", b"\xff", b"p-0 ", MARKS.encode()),
        b"-18446744073709551616, " * 126 + b"x, ",
    ],
)
def test_the_largest_hostile_payload_is_judged_at_once(unit: bytes) -> None:
    """Quadratic search would take seconds or minutes."""
    payload = (unit * (65_536 // len(unit) + 1))[:65_536]
    assert least_s(lambda: mentions_personal_data(payload)) < LONGEST_S


@pytest.mark.parametrize("item", ["null", "[]", '"a"', "{}", "[[]]"])
@pytest.mark.parametrize("sample", GOOD, ids=lambda sample: sample.kind)
def test_the_deepest_lists_of_a_good_payload_are_judged_at_once(sample: Sample, item: str) -> None:
    """The numbers of lists in lists are counted once, not once for each level."""
    items = ",".join([item] * (60_000 // (len(item) + 1)))
    deep = "[" * 190 + items + "]" * 190
    payload = sample.payload[:-1] + f',"deep":{deep}}}'.encode()

    assert decoded(sample, payload).unknown_fields == 1
    assert least_s(lambda: decoded(sample, payload)) < LONGEST_S / 2


def test_marks_that_combine_neither_take_long_nor_hide_a_name() -> None:
    """Python normalises a row of them in a time with the square of its length."""
    told = {"key": MARKS * 20_000, "value": 1}
    named = ("x" + MARKS * 15_000 + '"姓名":').encode()

    assert mentions_personal_data(named)
    assert least_s(lambda: holds_personal_data(told)) < LONGEST_S
    assert least_s(lambda: mentions_personal_data(named)) < LONGEST_S


def decoded(sample: Sample, payload: bytes) -> Upload:
    return Decoder().decode(sample.kind, sample.device, payload, sample.received_at)


def reason_of(sample: Sample, payload: bytes) -> Reason:
    with pytest.raises(DecodeError) as refusal:
        decoded(sample, payload)
    return refusal.value.reason
