"""A broker of the shipped `secured.conf`, with papers and accounts made for one test."""

import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from ssl import SSLContext
from typing import Any, NamedTuple

import aiomqtt

from ingest.accounts.control import Administrator
from ingest.accounts.files import DEVICE_PASSWORDS, PLUGIN_FILE, write_accounts
from ingest.accounts.papers import authority, client_certificate, server_certificate
from ingest.accounts.roles import ADMIN, ROLES, SERVICE
from ingest.demo.programs import LOOPBACK, Mosquitto
from ingest.simulate.broker import device_passwords, first_line
from ingest.tls import Identity, identify, trusting

HELLO = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"
"""CONNECT of MQTT 3.1.1 without user name."""
REFUSED = b"\x20\x02\x00\x05"
"""CONNACK of MQTT 3.1.1: not authorised."""
DEVICES = ("gm-1", "wm-1", "wm-2")
SHIPPED = Path(__file__).parents[2] / "mosquitto" / "secured.conf"


class Papers(NamedTuple):
    """An authority, and what it has signed for the broker and for a client."""

    authority: Identity
    broker: Identity
    client: Identity

    def trust(self, *, shown: bool = True) -> SSLContext:
        """Return what trusts the authority and, if told, shows the client's certificate."""
        context = trusting(self.authority.certificate, "ca")
        if shown:
            identify(context, self.client, "client")
        return context


def papers(folder: Path, *, days: int = 2) -> Papers:
    """Make papers; by a negative number of days, the broker's and the client's have expired."""
    ours = authority(folder)
    broker = server_certificate(ours, "broker", [LOOPBACK], days=days)
    return Papers(ours, broker, client_certificate(ours, "client", days=days))


class SecuredMosquitto(Mosquitto):
    """The shipped text; only port, files and user are those of the test."""

    def __init__(
        self,
        folder: Path,
        papers: Papers,
        *,
        mutual: bool = False,
        devices: Sequence[str] = DEVICES,
    ) -> None:
        super().__init__(folder)
        self.papers = papers
        self._mutual = mutual
        self.accounts = folder / "accounts"
        write_accounts(self.accounts, devices)

    def configuration(self) -> str:
        ours = {
            r"listener 8883": f"listener {self.port} {LOOPBACK}",
            r"certfile .*": f"certfile {self.papers.broker.certificate}",
            r"keyfile .*": f"keyfile {self.papers.broker.key}",
            r"plugin_opt_config_file .*": f"plugin_opt_config_file {self.accounts / PLUGIN_FILE}",
            r"persistence_location .*": f"persistence_location {self.folder.resolve()}/",
        }
        if self._mutual:
            ours |= {
                r"#cafile .*": f"cafile {self.papers.authority.certificate}",
                r"#require_certificate true": "require_certificate true",
            }
        text = SHIPPED.read_text(encoding="utf-8")
        for line, replaced in ours.items():
            text, count = re.subn(rf"(?m)^{line}$", replaced, text)
            assert count == 1, line
        return f"{text}\nuser root\n" if os.geteuid() == 0 else text

    def answers(self) -> bool:
        return self.answer_to(HELLO, self.papers.trust()) == REFUSED

    def password(self, username: str) -> str:
        """The password that was handed out at first."""
        if username in ROLES:
            return first_line(self.accounts / f"{username}.password")
        return device_passwords(self.accounts / DEVICE_PASSWORDS)[username]

    def administrator(self) -> Administrator:
        return Administrator(
            host=LOOPBACK,
            port=self.port,
            tls=self.papers.trust(),
            username=ADMIN,
            password=self.password(ADMIN),
        )

    def client(self, account: str, /, **others: Any) -> aiomqtt.Client:  # noqa: ANN401 the library's
        """A client that signs in as it should, but for what is given."""
        usual: dict[str, Any] = {
            "identifier": account,
            "username": account,
            "protocol": aiomqtt.ProtocolVersion.V5,
            "tls_context": self.papers.trust(),
        }
        if "password" not in others:
            usual["password"] = self.password(account)
        return aiomqtt.Client(LOOPBACK, self.port, **{**usual, **others})

    def table(self) -> Mapping[str, object]:
        """The `[mqtt]` table of the service."""
        return {
            "host": LOOPBACK,
            "port": self.port,
            "tls": True,
            "ca_file": str(self.papers.authority.certificate),
            "username": SERVICE,
            "password_file": str(self.accounts / f"{SERVICE}.password"),
        }

    def answer_to(self, said: bytes, context: SSLContext) -> bytes:
        """What comes back to the first bytes of a connection; SSLError if it is refused before."""
        with (
            socket.create_connection((LOOPBACK, self.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=LOOPBACK) as connection,
        ):
            connection.sendall(said)
            return connection.recv(4)


async def granted(client: aiomqtt.Client, topics: Sequence[str]) -> list[str]:
    """Return the topics that the broker lets the client subscribe to."""
    codes = [(await client.subscribe(topic, qos=1))[0] for topic in topics]
    values = [code if isinstance(code, int) else code.value for code in codes]
    return [topic for topic, value in zip(topics, values, strict=True) if value < 128]


async def heard(client: aiomqtt.Client) -> list[tuple[str, str]]:
    """What arrives before the end."""
    found = []
    async for message in client.messages:
        text = str(message.payload, "ascii")
        if text == "end":
            break
        found.append((message.topic.value, text))
    return found
