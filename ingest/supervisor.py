"""What systemd is told by its notify protocol: the service is up, is alive, ends.

Datagrams to the socket that the environment names, as in sd_notify(3) and sd_watchdog_enabled(3).
"""

import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from ingest.clock import pause

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Tells systemd, or nobody where the service was started otherwise."""

    address: str | None = None
    every: timedelta | None = None
    """How often it wants to hear that all is well; half of the time after which it kills."""

    def tell(self, state: str) -> None:
        """Send a line such as READY=1, without waiting; what can't be sent is logged."""
        if self.address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.settimeout(0)
                line.sendto(state.encode(), self.address)
        except OSError as error:
            _LOG.warning("systemd can't be told %s: %s", state, error.strerror)

    async def watch(self, well: Callable[[], Awaitable[bool]]) -> None:
        """For ever, say so whenever it is asked for and all is well; without `every` never."""
        while self.every:
            if await well():
                self.tell("WATCHDOG=1")
            await pause(self.every)


def supervisor_of(environment: Mapping[str, str]) -> Supervisor:
    """Return whom to tell; numbers that are none of systemd's are as if they were not there."""
    address = environment.get("NOTIFY_SOCKET", "")
    if address[:1] not in {"/", "@"}:
        return Supervisor()
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    microseconds = environment.get("WATCHDOG_USEC", "")
    for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not for_us or not microseconds.isdecimal() or int(microseconds) == 0:
        return Supervisor(address)
    return Supervisor(address, timedelta(microseconds=int(microseconds) / 2))
