"""What a settings file may say, and how a wrong one is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.configuration import SettingsError, load_settings
from ingest.settings import Settings
from tests.configuration.conftest import Write


def test_without_a_file_everything_has_its_default() -> None:
    assert load_settings(None) == Settings()


def test_a_file_says_only_what_differs(write: Write) -> None:
    settings = load_settings(write('[mqtt]\nhost = "broker"\n[sink.influx]\napi = "v1"\n'))

    assert settings.mqtt.host == "broker"
    assert settings.mqtt.port == 1883
    assert settings.sink.influx
    assert settings.sink.influx.api == "v1"


def test_settings_never_change() -> None:
    settings = load_settings(None)

    with pytest.raises(ValidationError, match="frozen"):
        settings.mqtt.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.mqtt = settings.mqtt  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[mqtt]\nhst = 'a'", "mqtt.hst: unknown key; did you mean mqtt.host?"),
        ("[mqqt]\nhost = 'a'", "mqqt: unknown key; did you mean mqtt?"),
        ("port = 1", "port: unknown key; did you mean mqtt.port?"),
        ("[batch]\nmax_mb = 9", "batch.max_mb: unknown key; did you mean journal.max_mb?"),
        ("[sink.inflx]\nurl = 'a'", "sink.inflx: unknown key; did you mean sink.influx?"),
        (
            "[sink.influx]\ntokn_file = 'a'",
            "sink.influx.tokn_file: unknown key; did you mean sink.influx.token_file?",
        ),
        ("[zebra]\nx = 1", "zebra: unknown key"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(
    write: Write, text: str, complaint: str
) -> None:
    assert _refusal(write(text)) == [complaint]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[mqtt]\nport = '1883'", "mqtt.port: expected a valid integer"),
        ("[mqtt]\nport = true", "mqtt.port: expected a valid integer"),
        ("[mqtt]\nport = 0", "mqtt.port: expected greater than or equal to 1"),
        ("[mqtt]\nport = 65536", "mqtt.port: expected less than or equal to 65535"),
        ("[mqtt]\ntls = 1", "mqtt.tls: expected a valid boolean"),
        ("[mqtt]\nhost = ''", "mqtt.host: String should have at least 1 character"),
        ("[mqtt]\nhost = 2026-03-01", "mqtt.host: expected a valid string"),
        ("mqtt = 5", "mqtt: expected a table"),
        ("[sink]\ninflux = 5", "sink.influx: expected a table"),
        (
            "[mqtt]\ntopics = ['gw/#/up']",
            (
                "mqtt.topics.0: expected a topic filter without blanks:"
                " + as a whole level, # as the last one"
            ),
        ),
        ("[mqtt]\ntopics = []", "mqtt.topics: expected at least one"),
        ("[accept]\nage_days = 0", "accept.age_days: expected greater than 0"),
        ("[accept]\nage_days = nan", "accept.age_days: expected less than or equal to 3660"),
        ("[journal]\nmax_mb = inf", "journal.max_mb: expected less than or equal to 100000000"),
        ("[batch]\nmessages = 2.5", "batch.messages: expected a valid integer"),
        (
            "[sink.influx]\nurl = 'http://writer:sesame@db'",
            (
                "sink.influx.url: expected http:// or https://, host and port;"
                " no user name, password or query"
            ),
        ),
        ("[sink.influx]\nlines = 5001", "sink.influx.lines: expected less than or equal to 5000"),
        (
            "[outlet.alertmanager]\nurls = ['am:9093']",
            (
                "outlet.alertmanager.urls.0: expected http:// or https://, host and port;"
                " no user name, password or query"
            ),
        ),
        ("[log]\nformat = 'xml'", "log.format: expected 'text' or 'json'"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(write: Write, text: str, complaint: str) -> None:
    assert complaint in _refusal(write(text))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[mqtt]\ntls = true\ncert_file = 'c'",
            "mqtt.cert_file, mqtt.key_file: expected both or neither",
        ),
        (
            "[mqtt]\nca_file = 'c'",
            "mqtt.tls: expected true where mqtt.ca_file or mqtt.cert_file is set",
        ),
        ("[http]\ncert_file = 'c'", "http.cert_file, http.key_file: expected both or neither"),
        (
            "[http]\ntoken = 'a'\ntoken_file = 'b'",
            "http.token, http.token_file: expected one of them",
        ),
        (
            "[mqtt]\npassword = 'a'\npassword_file = 'b'",
            "mqtt.password, mqtt.password_file: expected one of them",
        ),
        (
            "[sink.influx]\ntoken = 'a'\ntoken_file = 'b'",
            "sink.influx.token, sink.influx.token_file: expected one of them",
        ),
        (
            "[sink.influx]\napi = 'v1'\nusername = 'u'\npassword = 'a'\npassword_file = 'b'",
            "sink.influx.password, sink.influx.password_file: expected one of them",
        ),
        (
            "[sink.influx]\napi = 'v1'\nusername = 'u'",
            "sink.influx.username, sink.influx.password: expected both or neither",
        ),
        (
            "[sink.influx]\napi = 'v1'\npassword = 'p'",
            "sink.influx.username, sink.influx.password: expected both or neither",
        ),
        (
            "[sink.influx]\nusername = 'u'\npassword = 'p'",
            (
                'sink.influx.username, sink.influx.password: expected with api = "v1";'
                " v2 takes a token"
            ),
        ),
        (
            "[sink.influx]\napi = 'v1'\ntoken = 't'",
            'sink.influx.token: expected with api = "v2"; v1 takes a user name and a password',
        ),
        (
            "[sink.influx]\nca_file = 'c'",
            "sink.influx.url: expected https where sink.influx.ca_file is set",
        ),
        (
            "[outlet.alertmanager]\ntoken = 'a'\ntoken_file = 'b'",
            "outlet.alertmanager.token, outlet.alertmanager.token_file: expected one of them",
        ),
        (
            "[outlet.alertmanager]\nusername = 'u'",
            "outlet.alertmanager.username, outlet.alertmanager.password: expected both or neither",
        ),
        (
            "[outlet.alertmanager]\nusername = 'u'\npassword = 'p'\ntoken = 't'",
            "outlet.alertmanager.token, outlet.alertmanager.username: expected one of them",
        ),
        (
            "[outlet.alertmanager]\nurls = ['http://am:9093']\ntoken = 't'",
            (
                "outlet.alertmanager.urls: expected https, or a loopback address,"
                " where a secret is set"
            ),
        ),
        (
            "[outlet.alertmanager]\nca_file = 'c'",
            "outlet.alertmanager.urls: expected https where outlet.alertmanager.ca_file is set",
        ),
        (
            "[outlet.alertmanager]\nurls = ['http://am:9093', 'http://am:9093/']",
            "outlet.alertmanager.urls: expected each once",
        ),
        (
            "[mqtt]\nreceive_maximum = 10",
            "batch.messages: expected at most mqtt.receive_maximum, or a batch never fills",
        ),
    ],
)
def test_a_contradiction_is_refused_with_its_keys(write: Write, text: str, complaint: str) -> None:
    assert _refusal(write(text)) == [complaint]


def test_a_list_with_a_wrong_member_is_one_complaint(write: Write) -> None:
    (complaint,) = _refusal(write("[mqtt]\ntopics = ['gw/#/up']"))

    assert complaint.startswith("mqtt.topics.0: ")


def test_everything_that_is_wrong_is_said_at_once(write: Write) -> None:
    text = "[mqtt]\nport = 0\nhst = 'a'\n[log]\nlevel = 'loud'"

    assert len(_refusal(write(text))) == 3


def test_a_syntax_error_is_named_with_its_line(write: Write) -> None:
    path = write("[mqtt]\nhost = 'a'\nport = = 1\n")

    with pytest.raises(SettingsError, match=r"gridwatch\.toml: expected TOML: .*line 3"):
        load_settings(path)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="can't read"):
        load_settings(tmp_path / name)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gridwatch.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match="expected TOML"):
        load_settings(path)


def _refusal(path: Path) -> list[str]:
    """Return the lines of the refusal without the name of the file."""
    with pytest.raises(SettingsError) as refusal:
        load_settings(path)
    lines = str(refusal.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]
