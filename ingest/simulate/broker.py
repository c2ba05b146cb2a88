"""The broker that simulated devices connect to, and how each of them signs in."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ingest.configuration import SettingsError
from ingest.simulate.refusal import InputError, unreadable
from ingest.tls import Identity, identify, trusting


class BrokerUnreachable(Exception):  # noqa: N818 named after what the caller does: say so and end
    """No connection came about in the time limit; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Login:
    """User name and password of one client."""

    username: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Logins:
    """Who signs in how: a device by its own password, everyone else by `shared`, if anyone."""

    shared: Login | None = None
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, device: str) -> Login | None:
        """Return the login of a device; its user name is its id where it has its own password."""
        if device in self.passwords:
            return Login(device, self.passwords[device])
        return self.shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how patient its clients are."""

    host: str = "127.0.0.1"
    port: int = 1883
    tls: ssl.SSLContext | None = None
    logins: Logins = Logins()
    answer_limit: timedelta = timedelta(seconds=10)
    """Time limit of each connect, subscribe and publish."""
    reach_limit: timedelta = timedelta(seconds=15)
    """How long a run waits for its first connection."""
    drain_limit: timedelta = timedelta(seconds=10)
    """How long the end of a run waits for what is under way."""
    longest_backoff: timedelta = timedelta(seconds=10)
    """The longest wait between attempts to connect."""


def tls_context(ca_file: Path | None, identity: Identity | None) -> ssl.SSLContext:
    """Return a context that verifies the broker against the file, or the system's certificates.

    It shows the certificate if there is one. InputError if a file can't be used.
    """
    try:
        context = trusting(ca_file, "--ca-file")
        if identity:
            identify(context, identity, "--cert-file, --key-file")
    except SettingsError as error:
        raise InputError(str(error)) from None
    return context


def first_line(path: Path) -> str:
    """Return the password that a file holds on its first line; InputError if it holds none."""
    lines = _lines(path)
    if not lines or not lines[0]:
        raise InputError(f"{path}: expected a password on the first line")
    return lines[0]


def device_passwords(path: Path) -> Mapping[str, str]:
    """Return the passwords of a file of `device:password` lines; InputError names a bad line."""
    passwords: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        device, colon, password = line.partition(":")
        if not colon or not device or not password:
            raise InputError(f"{path}, line {number}: expected device:password")
        passwords[device] = password
    return passwords


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
