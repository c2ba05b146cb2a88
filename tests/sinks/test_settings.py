"""Which sinks the settings switch on, and that no secret shows."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from ingest.configuration import SettingsError
from ingest.settings import InfluxSettings, SinkSettings
from ingest.sinks import sinks_of
from ingest.sinks.influx_v1 import Credentials
from ingest.sinks.influx_v2 import Bucket

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (SinkSettings(), []),
        (SinkSettings(discard=True), ["discard"]),
        (SinkSettings(influx=InfluxSettings(token=SecretStr(SECRET))), ["influx"]),
        (SinkSettings(influx=InfluxSettings(api="v1"), discard=True), ["influx", "discard"]),
    ],
)
async def test_each_setting_switches_on_its_sink(settings: SinkSettings, names: list[str]) -> None:
    sinks = sinks_of(settings)

    assert list(sinks) == names
    for sink in sinks.values():
        await sink.close()


async def test_the_discarding_sink_takes_everything() -> None:
    sink = sinks_of(SinkSettings(discard=True))["discard"]

    assert not await sink.write([])


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (InfluxSettings(token_file=Path("missing")), "sink.influx.token_file"),
        (InfluxSettings(api="v1", password_file=Path("missing")), "sink.influx.password_file"),
        (InfluxSettings(ca_file=Path("missing")), "sink.influx.ca_file"),
    ],
)
async def test_a_file_that_is_missing_is_named_by_its_key(
    settings: InfluxSettings, key: str
) -> None:
    with pytest.raises(SettingsError, match=key):
        sinks_of(SinkSettings(influx=settings))


def test_no_secret_shows_in_the_text_of_a_value() -> None:
    shown = repr((Credentials("writer", SECRET), Bucket("-", "gridwatch", SECRET)))

    assert SECRET not in shown
