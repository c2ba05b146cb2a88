"""A socket in the place of systemd's."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


class NotifySocket:
    """Hears what a service tells systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def heard(self, within_s: float = 10.0) -> str | None:
        """Return the next line, or None if there is none in time."""
        self._socket.settimeout(within_s)
        try:
            return self._socket.recv(4096).decode()
        except TimeoutError:
            return None

    def hear_out(self) -> None:
        """Forget all that has been said."""
        self._socket.settimeout(0)
        try:
            while self._socket.recv(4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[NotifySocket]:
    socket_ = NotifySocket(tmp_path / "notify")
    yield socket_
    socket_.close()
