"""Who gets as far as to speak at all: TLS, certificates, an account, and how much at once."""

import os
import signal
import socket
import ssl
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import aiomqtt
import mqtt5
import pytest

from ingest.accounts.files import PLUGIN_FILE
from ingest.accounts.papers import authority, client_certificate, server_certificate
from ingest.accounts.roles import SERVICE
from ingest.clock import block, stopwatch
from ingest.demo.programs import LOOPBACK, StartError
from ingest.tls import trusting
from tests.accounts.secured import HELLO, REFUSED, SecuredMosquitto, granted, heard, papers

pytestmark = pytest.mark.servers
NOT_AUTHORIZED = 135
UP = "gw/v1/water_meter/wm-1/up"
OWN_WORDS = "gw/v1/water_meter/wm-2/up"


def test_plain_text_is_refused(broker: SecuredMosquitto) -> None:
    with socket.create_connection((LOOPBACK, broker.port), timeout=20) as connection:
        connection.sendall(HELLO)
        with suppress(ConnectionError):
            assert connection.recv(4)[:1] != REFUSED[:1]


def test_nobody_is_let_in_without_a_name(broker: SecuredMosquitto) -> None:
    assert broker.answer_to(HELLO, broker.papers.trust()) == REFUSED


@pytest.mark.parametrize(("name", "password"), [("wm-1", "guessed"), ("wm-9", "x"), ("wm-1", None)])
async def test_nobody_is_let_in_without_the_password(
    broker: SecuredMosquitto, name: str, password: str | None
) -> None:
    with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
        async with broker.client(name, password=password):
            pass


def test_a_broker_of_another_authority_is_refused(broker: SecuredMosquitto, tmp_path: Path) -> None:
    stranger = trusting(authority(tmp_path).certificate, "ca")

    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        broker.answer_to(HELLO, stranger)


def test_a_broker_whose_certificate_has_expired_is_refused(tmp_path: Path) -> None:
    old = papers(tmp_path / "papers", days=-1)

    with (
        ExpiredMosquitto(tmp_path / "mosquitto", old) as broker,
        pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"),
    ):
        broker.answer_to(HELLO, old.trust(shown=False))


def test_a_new_certificate_of_the_broker_is_taken_at_a_reload(tmp_path: Path) -> None:
    ours = papers(tmp_path / "papers")
    with SecuredMosquitto(tmp_path / "mosquitto", ours) as broker:
        before = _serial(broker)
        renewed = server_certificate(ours.authority, "renewed", [LOOPBACK])
        for new, old in zip(renewed, ours.broker, strict=True):
            new.replace(old)
        assert broker.pid
        os.kill(broker.pid, signal.SIGHUP)

        limit_s = stopwatch() + 20
        while _serial(broker) == before and stopwatch() < limit_s:
            block(timedelta(milliseconds=20))
        assert _serial(broker) != before
        codes = [_code(broker, password) for password in (broker.password("wm-1"), "guessed")]

    assert codes == [0, NOT_AUTHORIZED], "accounts hold as before"


def _code(broker: SecuredMosquitto, password: str) -> int:
    """How the broker answers the device wm-1 with this password."""
    connect = mqtt5.ConnectPacket("wm-1", username="wm-1", password=password.encode())
    return broker.answer_to(connect.write(), broker.papers.trust())[3]


def _serial(broker: SecuredMosquitto) -> object:
    """The number of the certificate that the broker shows."""
    with (
        socket.create_connection((LOOPBACK, broker.port), timeout=20) as plain,
        broker.papers.trust().wrap_socket(plain, server_hostname=LOOPBACK) as connection,
    ):
        certificate = connection.getpeercert()
    assert certificate
    return certificate["serialNumber"]


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_version_of_tls_is_refused(broker: SecuredMosquitto, version: str) -> None:
    flag = "-" + version.lower().replace("tlsv1", "tls1")
    done = subprocess.run(
        [*["openssl", "s_client", "-connect"], f"{LOOPBACK}:{broker.port}", flag, "-cipher",
         "ALL:@SECLEVEL=0"],
        input=b"",
        capture_output=True,
        check=False,
        timeout=30,
    )  # fmt: skip

    assert done.returncode != 0
    assert b"alert protocol version" in done.stderr


def test_with_mutual_tls_a_broker_refuses_who_shows_no_good_certificate(tmp_path: Path) -> None:
    ours, theirs = papers(tmp_path / "ours"), papers(tmp_path / "theirs")
    expired = client_certificate(ours.authority, "expired", days=-1)
    with SecuredMosquitto(tmp_path / "mosquitto", ours, mutual=True) as broker:
        for shown in (None, theirs.client, expired):
            context = ours.trust(shown=False)
            if shown:
                context.load_cert_chain(*shown)
            assert not _is_asked_who_it_is(broker, context)
        assert _is_asked_who_it_is(broker, ours.trust())


async def test_with_mutual_tls_a_certificate_is_no_account(tmp_path: Path) -> None:
    with SecuredMosquitto(tmp_path / "m", papers(tmp_path / "p"), mutual=True) as broker:
        async with broker.client("wm-1"):
            pass
        with pytest.raises(aiomqtt.MqttError, match="Not authorized"):
            async with broker.client("wm-1", password="guessed"):
                pass


def _is_asked_who_it_is(broker: SecuredMosquitto, context: ssl.SSLContext) -> bool:
    """Whether it gets as far as to be refused for want of a name."""
    try:
        return broker.answer_to(HELLO, context) == REFUSED
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.parametrize("size", [262_145, 1 << 20])
async def test_a_payload_above_the_limit_reaches_nobody(
    broker: SecuredMosquitto, size: int
) -> None:
    """From 1 MiB on, the connection is cut as well: the broker holds no more than that for it."""
    async with broker.client(SERVICE) as service:
        await granted(service, ["gw/v1/+/+/up"])
        with pytest.raises((aiomqtt.MqttError, TimeoutError)):
            async with broker.client("wm-1", timeout=1) as device:
                await device.publish(UP, b"x" * size, qos=1)
        async with broker.client("wm-2") as device:
            await device.publish(OWN_WORDS, b"small", qos=1)
            await device.publish(OWN_WORDS, b"end", qos=1)

        assert await heard(service) == [(OWN_WORDS, "small")]


class ExpiredMosquitto(SecuredMosquitto):
    """A broker with an expired certificate, which is all that can be seen of it."""

    def answers(self) -> bool:
        with pytest.raises(ssl.SSLCertVerificationError):
            super().answers()
        return True


@pytest.mark.parametrize("size", [None, 0, 1_000])
def test_without_all_of_its_accounts_the_broker_lets_nobody_in(
    tmp_path: Path, size: int | None
) -> None:
    broker = SecuredMosquitto(tmp_path / "mosquitto", papers(tmp_path / "papers"))
    file = broker.accounts / PLUGIN_FILE
    if size is None:
        file.unlink()
    else:
        os.truncate(file, size)

    with suppress(StartError), broker:
        assert _code(broker, broker.password("wm-1")) == NOT_AUTHORIZED
