"""What the environment may say, and that it wins over the file."""

import pytest

from ingest.configuration import SettingsError, load_settings, settings_fields, variable_of
from tests.configuration.conftest import Write


def test_the_environment_wins_over_the_file(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('[mqtt]\nhost = "from-file"\nport = 1\n[sink.influx]\nbucket = "city"\n')
    monkeypatch.setenv("GRIDWATCH_MQTT__HOST", "from-environment")
    monkeypatch.setenv("gridwatch_sink__influx__token", "t")
    monkeypatch.setenv("GRIDWATCH_MQTT__TOPICS", '["a/+","b"]')
    monkeypatch.setenv("GRIDWATCH_SETTINGS", "names the file and is no setting")

    settings = load_settings(path)

    assert (settings.mqtt.host, settings.mqtt.port) == ("from-environment", 1)
    assert settings.mqtt.topics == ("a/+", "b")
    assert settings.sink.influx
    assert settings.sink.influx.bucket == "city"
    assert settings.sink.influx.token


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "GRIDWATCH_MQTT__PRT",
            "1",
            "GRIDWATCH_MQTT__PRT: unknown variable; did you mean GRIDWATCH_MQTT__PORT?",
        ),
        ("GRIDWATCH_MQTT", "{}", "GRIDWATCH_MQTT: unknown variable"),
        ("GRIDWATCH_SINK__INFLUX", "{}", "GRIDWATCH_SINK__INFLUX: unknown variable"),
        ("GRIDWATCH_MQTT__PORT", "high", "GRIDWATCH_MQTT__PORT: expected a valid integer"),
        ("GRIDWATCH_MQTT__PORT", "0", "GRIDWATCH_MQTT__PORT: expected greater than"),
        ("GRIDWATCH_MQTT__TLS", "maybe", "GRIDWATCH_MQTT__TLS: expected a valid boolean"),
        ("GRIDWATCH_MQTT__TOPICS", "a,b", "GRIDWATCH_MQTT__TOPICS: expected a JSON list"),
        ("GRIDWATCH_MQTT__TOPICS", '{"a":1}', "GRIDWATCH_MQTT__TOPICS: expected a JSON list"),
        ("GRIDWATCH_MQTT__TOPICS", '["#/a"]', "GRIDWATCH_MQTT__TOPICS__0: expected a topic"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refusal:
        load_settings(None)

    assert str(refusal.value).startswith(complaint)


def test_every_setting_has_a_variable_of_its_own() -> None:
    keys = [key for key, _ in settings_fields()]

    assert len({variable_of(key) for key in keys}) == len(keys)
