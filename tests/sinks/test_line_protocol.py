import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.reading import Reading, Value
from devices.topic import DEVICE_PATTERN
from ingest.sink import Delivery
from ingest.sinks.line_protocol import line_of
from tests.sinks.line import parsed


def _delivery(values: dict[str, Value], device: str = "wm-1", area: str | None = None) -> Delivery:
    return Delivery(1, Reading(device, "water_meter", 1_760_000_000_000, 0, values), area)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"flow_m3h": 3.0}, "flow_m3h=3.0"),
        ({"flow_m3h": 1e-07, "cumulative_m3": 1e22}, "flow_m3h=1e-07,cumulative_m3=1e+22"),
        ({"flow_m3h": -0.0}, "flow_m3h=-0.0"),
        ({"rsrp_dbm": -97}, "rsrp_dbm=-97i"),
        ({"door_open": True, "mains_power": False}, "door_open=true,mains_power=false"),
        ({"valve": "open", "flags": ""}, 'valve="open",flags=""'),
        ({"flags": "burst,leak"}, 'flags="burst,leak"'),
        ({"x": 'a"b\\c d,e=f'}, r'x="a\"b\\c d,e=f"'),
        ({"x": "a\nwater_meter y=1"}, r'x="a\nwater_meter y=1"'),
    ],
)
def test_a_value_is_written_in_the_form_of_its_type(values: dict[str, Value], fields: str) -> None:
    line = line_of(_delivery(values))

    assert line == f"water_meter,device=wm-1 {fields} 1760000000000"


@pytest.mark.parametrize(
    ("area", "tags"),
    [
        (None, ""),
        ("500103", ",district=500103"),
        ("500103003", ",district=500103,street=500103003"),
        ("500103003001", ",district=500103,street=500103003,community=500103003001"),
        (
            "50010300300101",
            ",district=500103,street=500103003,community=500103003001,grid=50010300300101",
        ),
        (
            "500103003001012",
            ",district=500103,street=500103003,community=500103003001,grid=500103003001012",
        ),
    ],
)
def test_an_area_code_becomes_a_tag_for_each_level_it_reaches(area: str | None, tags: str) -> None:
    line = line_of(_delivery({"x": 1.0}, area=area))

    assert line.startswith(f"water_meter,device=wm-1{tags} ")


def test_a_tag_is_escaped() -> None:
    line = line_of(_delivery({"x": 1.0}, device="a b,c=d\ne"))

    assert line.startswith(r"water_meter,device=a\ b\,c\=d\ne ")


def test_a_reading_without_values_has_no_line() -> None:
    with pytest.raises(ValueError, match="field"):
        line_of(_delivery({}))


_VALUES = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.text(max_size=40),
    min_size=1,
    max_size=8,
)


@given(
    values=_VALUES,
    device=st.from_regex(DEVICE_PATTERN.replace("$", r"\Z"), fullmatch=True),
    measured_at=st.integers(0, 4_102_444_800_000),
)
def test_what_is_written_reads_back_the_same(
    values: dict[str, Value], device: str, measured_at: int
) -> None:
    line = line_of(Delivery(1, Reading(device, "door", measured_at, 0, values), "500103"))

    assert "\n" not in line
    source, fields, time = parsed(line)
    assert source == f"door,device={device},district=500103"
    assert {name: (type(value), value) for name, value in fields.items()} == {
        name: (type(value), value) for name, value in values.items()
    }
    assert time == measured_at
