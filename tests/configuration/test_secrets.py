"""A secret shows nowhere but where it is used."""

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.configuration import SettingsError, load_settings, secret_of
from tests.configuration.conftest import Write

SECRET = "sesame-4711"
WITH_SECRETS = f"""
[mqtt]
username = "u"
password = "{SECRET}"
[http]
token = "{SECRET}"
[sink.influx]
token = "{SECRET}"
"""


def test_a_secret_shows_in_no_text_of_the_settings(write: Write) -> None:
    settings = load_settings(write(WITH_SECRETS))

    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

    assert SECRET not in shown
    assert secret_of(settings.mqtt.password, None, "mqtt.password") == SECRET


@pytest.mark.parametrize(
    "wrong",
    [
        f"password = ['{SECRET}']",
        f"port = '{SECRET}'",
        f"password = '{SECRET}'\npassword_file = '{SECRET}'",
        f"password = '{SECRET}\n",
        f"password = {SECRET}",
        f"host = '{SECRET * 30}'",
        f"topics = ['{SECRET} #']",
        f"[sink.influx]\nurl = 'http://writer:{SECRET}@db'",
        f"[sink.influx]\nurl = 'http://db?u=writer&p={SECRET}'",
        f"[sink.influx]\ntoken = '{SECRET}'\napi = 'v1'",
    ],
)
def test_a_secret_shows_in_no_refusal(write: Write, wrong: str) -> None:
    path = write(f"[mqtt]\n{wrong}")

    with pytest.raises(SettingsError) as refusal:
        load_settings(path)
    outcome = CliRunner().invoke(app, ["check", str(path)])

    assert SECRET not in _whole_chain(refusal.value)
    assert outcome.exit_code == 2
    assert SECRET not in outcome.output


@pytest.mark.parametrize("key", ["PORT", "TOPICS", "TLS", "KEEP_ALIVE_S"])
def test_a_secret_in_the_wrong_variable_shows_in_no_refusal(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(f"GRIDWATCH_MQTT__{key}", SECRET)

    with pytest.raises(SettingsError) as refusal:
        load_settings(None)

    assert SECRET not in _whole_chain(refusal.value)


def test_check_shows_no_secret(write: Write) -> None:
    outcome = CliRunner().invoke(app, ["check", str(write(WITH_SECRETS))])

    assert outcome.exit_code == 0
    assert SECRET not in outcome.output


def _whole_chain(error: BaseException | None) -> str:
    """Return what a traceback would print of the error and of all that led to it."""
    texts = []
    while error:
        texts.append(repr(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)
