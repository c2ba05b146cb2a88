"""Who the broker is, and who we are: TLS, user name and password."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from ingest.accounts.papers import authority, client_certificate, server_certificate
from ingest.clock import MachineClock
from ingest.configuration import SettingsError
from ingest.demo.programs import LOOPBACK, Mosquitto, free_port
from ingest.mqtt.session import Session
from ingest.tls import Identity
from tests.mqtt.publishing import publish_lines
from tests.mqtt.sessions import Topics, received, running, settings_for
from tests.mqtt.waiting import until

SECRET = "correct-horse-battery"
WRONG = "incorrect-horse-battery"


class _Papers(NamedTuple):
    """An authority, one that nobody trusts, and certificates for the broker and for us."""

    authority: Identity
    stranger: Identity
    broker: Identity
    client: Identity


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> _Papers:
    folder = tmp_path_factory.mktemp("certificates")
    ours = authority(folder)
    return _Papers(
        ours,
        authority(folder, "stranger"),
        server_certificate(ours, "broker", [LOOPBACK]),
        client_certificate(ours, "client"),
    )


class _TlsBroker(NamedTuple):
    """The same broker by TLS and, for publishing, without."""

    port: int
    plain_port: int


@contextmanager
def _tls_broker(folder: Path, papers: _Papers, *options: str) -> Iterator[_TlsBroker]:
    port = free_port()
    extra = [
        f"listener {port} {LOOPBACK}",
        f"cafile {papers.authority.certificate}",
        f"certfile {papers.broker.certificate}",
        f"keyfile {papers.broker.key}",
        *options,
    ]
    with Mosquitto(folder / "mosquitto", extra) as mosquitto:
        yield _TlsBroker(port, mosquitto.port)


@pytest.mark.servers
async def test_messages_come_by_tls_from_a_broker_that_our_authority_vouches_for(
    tmp_path: Path, papers: _Papers
) -> None:
    with _tls_broker(tmp_path, papers) as broker:
        settings = settings_for(broker.port, tls=True, ca_file=papers.authority.certificate)
        async with running(settings) as session:
            await until(lambda: session.connected)
            await publish_lines(broker.plain_port, [str(n) * 3_000 for n in range(500)])
            session.acknowledge(await received(session, 500))
            assert session.failures == 0
        async with running(settings) as session:
            await publish_lines(broker.plain_port, ["the only one"])
            assert [each.payload for each in await received(session, 1)] == [b"the only one"]


@pytest.mark.servers
async def test_a_broker_that_wants_our_certificate_gets_it(tmp_path: Path, papers: _Papers) -> None:
    with _tls_broker(tmp_path, papers, "require_certificate true") as broker:
        trusting = {"tls": True, "ca_file": papers.authority.certificate}
        ours = {"cert_file": papers.client.certificate, "key_file": papers.client.key}
        async with running(settings_for(broker.port, **trusting, **ours)) as session:
            await until(lambda: session.connected)
        async with running(settings_for(broker.port, **trusting)) as session:
            await until(lambda: session.failures > 0)
            assert not session.connected


@pytest.mark.servers
@pytest.mark.parametrize("trusted", ["stranger", None])
async def test_a_broker_that_nobody_vouches_for_is_refused_and_that_is_said(
    tmp_path: Path, papers: _Papers, trusted: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    ca_file = papers.stranger.certificate if trusted else None
    with _tls_broker(tmp_path, papers) as broker:
        settings = settings_for(broker.port, tls=True, ca_file=ca_file)
        async with running(settings) as session:
            await until(lambda: session.failures >= 2)
            assert session.connects == 0

    assert "certificate verify failed" in caplog.text
    assert caplog.text.count("WARNING") == 1


@pytest.mark.servers
async def test_a_certificate_for_another_host_is_refused(
    tmp_path: Path, papers: _Papers, caplog: pytest.LogCaptureFixture
) -> None:
    with _tls_broker(tmp_path, papers) as broker:
        settings = settings_for(
            broker.port, host="localhost", tls=True, ca_file=papers.authority.certificate
        )
        async with running(settings) as session:
            await until(lambda: session.failures >= 1)

    assert "certificate is not valid for 'localhost'" in caplog.text


@pytest.mark.servers
async def test_a_broker_without_tls_is_not_spoken_to_in_the_clear(
    mosquitto: Mosquitto, papers: _Papers
) -> None:
    settings = settings_for(
        mosquitto.port, tls=True, ca_file=papers.authority.certificate, connect_timeout_s=1.0
    )
    async with running(settings) as session:
        await until(lambda: session.failures >= 1)
        assert session.connects == 0


def _passwords(folder: Path) -> Path:
    path = folder / "passwords"
    command = ["mosquitto_passwd", "-c", "-b", str(path), "gridwatch", SECRET]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


@pytest.mark.servers
async def test_a_wrong_password_is_said_and_tried_again_and_the_right_one_lets_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    options = ["allow_anonymous false", f"password_file {_passwords(tmp_path)}"]
    with Mosquitto(tmp_path / "mosquitto", options) as broker:
        settings = settings_for(broker.port, username="gridwatch", password_file=secret)
        secret.write_text(f"{WRONG}\n", encoding="ascii")
        async with running(settings) as session:
            await until(lambda: session.failures >= 3)
            assert not session.connected
        secret.write_text(f"{SECRET}\n", encoding="ascii")
        async with running(settings) as session:
            await until(lambda: session.connected)

    assert caplog.text.count("the broker refused us: NOT_AUTHORIZED") == 1
    assert WRONG not in caplog.text
    assert SECRET not in caplog.text


def _missing(papers: _Papers) -> dict[str, object]:
    return {"ca_file": papers.client.key.with_name("none")}


def _no_certificate(papers: _Papers) -> dict[str, object]:
    return {"ca_file": papers.client.key}


def _key_of_another(papers: _Papers) -> dict[str, object]:
    return {"cert_file": papers.client.certificate, "key_file": papers.broker.key}


def _encrypted(key: Path) -> Path:
    """Return a copy of the key that wants a passphrase."""
    locked = key.with_suffix(".locked")
    command = f"openssl pkey -aes256 -passout pass:x -in {key} -out {locked}"
    subprocess.run(command.split(), check=True, capture_output=True, timeout=60)
    return locked


def _locked_key(papers: _Papers) -> dict[str, object]:
    return {"cert_file": papers.client.certificate, "key_file": _encrypted(papers.client.key)}


@pytest.mark.parametrize(
    ("files", "key"),
    [
        (_missing, "mqtt.ca_file"),
        (_no_certificate, "mqtt.ca_file"),
        (_key_of_another, "mqtt.cert_file, mqtt.key_file"),
        (_locked_key, "mqtt.cert_file, mqtt.key_file"),
    ],
)
async def test_files_that_cannot_be_used_are_refused_by_their_key(
    files: Callable[[_Papers], dict[str, object]], key: str, papers: _Papers
) -> None:
    settings = settings_for(1, tls=True, **files(papers))

    with pytest.raises(SettingsError, match=f"^{key}: expected "):
        Session(settings, MachineClock(), Topics())
