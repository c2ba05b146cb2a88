"""Where an alert belongs, for people and for metrics."""

from contextlib import closing
from pathlib import Path

import pytest

from ingest.areas import AreaLabel, area_of, levels_of, path_of
from ingest.journal.alerts import Wanted, alert_of, alerts
from ingest.journal.database import open_reader
from tests.alerts.gas import ALERT, STREET, WARNING, batch, gas, placed, room

PATH = "500000/500103/500103003/500103003001/50010300300101"


async def test_an_alert_stays_in_the_area_where_it_was_raised(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with room(path, register=placed("gm-1")) as here:
        await here.judging.commit(batch(gas(0, WARNING), gas(10, WARNING)))
    async with room(path, register=placed("gm-1", areas=("500000", "500106"))) as here:
        await here.judging.commit(batch(gas(20, 51.0)))

    with closing(open_reader(path)) as reader:
        alert = alert_of(reader, ALERT)

    assert alert
    assert (alert.severity, alert.areas) == (3, "/".join(STREET))


@pytest.mark.parametrize(
    ("area", "found"),
    [
        ("", ["gm-1", "gm-2", "gm-3"]),
        ("500103003", ["gm-1"]),
        ("500103", ["gm-1"]),
        ("5001", ["gm-1", "gm-2"]),
        ("500000", ["gm-1", "gm-2"]),
        ("103003", []),
        ("unknown", ["gm-3"]),
    ],
)
async def test_alerts_are_found_by_the_beginning_of_a_code_of_any_level(
    tmp_path: Path, area: str, found: list[str]
) -> None:
    path = tmp_path / "journal.db"
    for device, areas in (("gm-1", STREET), ("gm-2", ("500000", "500106")), ("gm-3", ())):
        async with room(path, register=placed(device, areas=areas)) as here:
            await here.judging.commit(batch(gas(0, WARNING, device), gas(10, WARNING, device)))

    with closing(open_reader(path)) as reader:
        listed = alerts(reader, 50, Wanted(area))

    assert [alert.subject.partition("/")[2] for alert in listed] == found


def test_a_path_holds_the_codes_alone() -> None:
    assert path_of((*STREET, "d-0123456789abcdef")) == "500000/500103/500103003"
    assert (area_of(PATH), area_of("")) == ("50010300300101", "unknown")
    assert list(levels_of(PATH)) == ["city", "district", "street", "community", "grid"]


@pytest.mark.parametrize(
    ("level", "path", "label"),
    [
        ("street", PATH, "500103003"),
        ("grid", PATH, "50010300300101"),
        ("city", PATH, "500000"),
        ("street", "500000/500103", "500103"),
        ("street", "", "unknown"),
    ],
)
def test_the_label_is_the_level_that_is_set_or_the_nearest_above(
    level: str, path: str, label: str
) -> None:
    assert AreaLabel(level, 10).of(path) == label


def test_labels_above_the_bound_are_other_and_who_has_one_keeps_it() -> None:
    label = AreaLabel("district", 2)
    districts = ("500101", "500102", "500103", "500101", "500104", "", "500102")

    labels = [label.of(district) for district in districts]

    assert labels == ["500101", "500102", "other", "500101", "other", "unknown", "500102"]
