"""What `gridwatch check` tries without connecting."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.registry.kept import keep
from rules.limits import LimitBook
from tests.configuration.conftest import Write
from tests.journal.readings import opened


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with an empty file and one that is no journal, and the process in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").touch()
    (tmp_path / "open").touch(mode=0o644)
    (tmp_path / "open").write_text("sesame")
    (tmp_path / "prose").write_text("this is not a database, nor PEM\n" * 50, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[mqtt]\npassword_file = 'missing'", "mqtt.password_file: can't read missing"),
        ("[mqtt]\npassword_file = 'empty'", "mqtt.password_file: expected the secret on the first"),
        ("[mqtt]\ntls = true\nca_file = 'missing'", "mqtt.ca_file: expected certificates in PEM"),
        ("[mqtt]\ntls = true\nca_file = 'prose'", "mqtt.ca_file: expected certificates in PEM"),
        (
            "[mqtt]\ntls = true\ncert_file = 'prose'\nkey_file = 'prose'",
            "mqtt.cert_file, mqtt.key_file: expected a certificate and its key",
        ),
        ("[sink.influx]\ntoken_file = 'missing'", "sink.influx.token_file: can't read missing"),
        ("[http]\ntoken_file = 'missing'", "http.token_file: can't read missing"),
        (
            "[http]\ncert_file = 'prose'\nkey_file = 'prose'",
            "http.cert_file, http.key_file: expected a certificate and its key",
        ),
        (
            "[sink.influx]\nurl = 'https://db'\nca_file = 'prose'",
            "sink.influx.ca_file: expected certificates in PEM",
        ),
        (
            "[outlet.alertmanager]\ntoken_file = 'missing'",
            "outlet.alertmanager.token_file: can't read missing",
        ),
        (
            "[outlet.alertmanager]\nurls = ['https://am']\nca_file = 'prose'",
            "outlet.alertmanager.ca_file: expected certificates in PEM",
        ),
        ("[journal]\npath = 'no/such/j.db'", "journal.path: expected the folder no/such to exist"),
        ("[journal]\npath = '.'", "journal.path: expected . to be a file"),
        ("[journal]\npath = 'prose'", "journal.path: prose: not a journal"),
    ],
)
def test_a_file_that_cannot_serve_is_named_with_its_key(
    write: Write, text: str, complaint: str
) -> None:
    path = write(text)

    outcome = CliRunner().invoke(app, ["check", str(path)])

    assert outcome.exit_code == 2
    assert outcome.output.startswith(f"{path}: {complaint}")


@pytest.mark.parametrize("command", ["check", "run"])
def test_run_refuses_what_check_refuses(write: Write, command: str) -> None:
    path = write("[mqtt]\npassword_file = 'missing'")
    arguments = [str(path)] if command == "check" else ["--settings", str(path)]

    outcome = CliRunner().invoke(app, [command, *arguments])

    assert outcome.exit_code == 2
    assert "mqtt.password_file: can't read missing" in outcome.output
    assert not Path("gridwatch.db").exists()


async def test_bad_limits_keep_only_a_service_from_starting_that_has_none_to_start_by(
    write: Write, tmp_path: Path
) -> None:
    path = write(f"[rules]\nlimits = 'prose'\n[journal]\npath = '{tmp_path / 'journal.db'}'")
    first = CliRunner().invoke(app, ["check", str(path)])
    async with opened(tmp_path / "journal.db") as journal:
        await keep(journal, LimitBook())
    then = CliRunner().invoke(app, ["check", str(path)])

    assert first.exit_code == 2
    assert first.output.startswith(f"{path}: rules.limits: prose: line 1: ")
    assert then.exit_code == 0
    assert then.stderr.startswith("warning: rules.limits: prose: line 1: ")
    assert "the limits that were in force last stay in force" in then.stderr


def test_check_writes_nothing(write: Write, tmp_path: Path) -> None:
    path = write("")
    before = sorted(tmp_path.iterdir())

    assert CliRunner().invoke(app, ["check", str(path)]).exit_code == 0
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "[journal]\nretention_days = 7",
            (
                "journal.retention_days is below accept.age_days: a reading repeated after 7 days"
                " is no longer known and is stored again"
            ),
        ),
        ("[mqtt]\npassword = 'p'", "mqtt.password without mqtt.username"),
        ("[mqtt]\nhost = '10.0.0.1'\nusername = 'u'", "mqtt.tls is false: user name and password"),
        ("[mqtt]\nhost = '10.0.0.1'", "mqtt.tls is false: readings and commands go to 10.0.0.1"),
        ("[sink.influx]\nurl = 'http://db:8086'\ntoken = 't'", "sink.influx.url is not https"),
        (
            "[rules]\njudge = false\n[outlet.alertmanager]",
            "outlet.alertmanager is set and rules.judge is false",
        ),
        ("[http]\nhost = '0.0.0.0'", "http.host is 0.0.0.0 and there is no http.token"),
        (
            "[http]\nhost = '0.0.0.0'\ntoken = 't'",
            "http.host is 0.0.0.0 and there is no http.cert_file",
        ),
        ("[mqtt]\nusername = 'u'\npassword_file = 'open'", "mqtt.password_file: others can read"),
    ],
)
def test_what_works_but_is_easily_overlooked_is_a_warning(
    write: Write, text: str, warning: str
) -> None:
    path = write(text)

    outcome = CliRunner().invoke(app, ["check", str(path)])

    assert outcome.exit_code == 0
    assert outcome.stderr.startswith(f"warning: {warning}")
    assert outcome.stdout == f"{path}: good\n"


def test_settings_that_others_can_read_hold_no_secret(write: Write) -> None:
    path = write("[sink.influx]\ntoken = 't'")
    others = f"warning: settings with a secret: others can read {path}: chmod 600\n"

    assert CliRunner().invoke(app, ["check", str(path)]).stderr == others
    path.chmod(0o600)
    assert CliRunner().invoke(app, ["check", str(path)]).stderr == ""
    plain = write("[http]\ntoken_file = 'open'")
    plain.chmod(0o644)
    assert "settings" not in CliRunner().invoke(app, ["check", str(plain)]).stderr.splitlines()[0]


def test_without_a_file_the_environment_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["check"]).output == "environment: good\n"

    monkeypatch.setenv("GRIDWATCH_LOG__LEVEL", "loud")

    assert CliRunner().invoke(app, ["check"]).exit_code == 2
