"""The transport to InfluxDB 1.x: `/write`, with a user name and a password if it asks for them."""

from base64 import b64encode
from collections.abc import Mapping
from ssl import SSLContext
from typing import NamedTuple

import aiohttp

from ingest.sinks.transport import Answer, answer_of, unavailable

_HEADERS = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}


class Credentials(NamedTuple):
    """Who writes. The password shows in no `repr`."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.username!r})"


class InfluxV1Transport:
    """Posts to `/write` of one database; to be made where an event loop runs."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        timeout_s: float = 10.0,
        credentials: Credentials | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self._url = f"{url.rstrip('/')}/write"
        self._query = {"db": database, "precision": "ms"}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls or True),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            headers={**_HEADERS, **authorization(credentials)},
        )

    async def post(self, lines: bytes) -> Answer:
        """Send gzipped lines; SinkUnavailable if no whole answer came."""
        try:
            response = await self._session.post(
                self._url, params=self._query, data=lines, allow_redirects=False
            )
            return await answer_of(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unavailable(error) from None

    async def close(self) -> None:
        """Give back connections."""
        await self._session.close()


def authorization(credentials: Credentials | None) -> Mapping[str, str]:
    """Return the header that says who asks; empty for nobody."""
    if credentials is None:
        return {}
    word = b64encode(f"{credentials.username}:{credentials.password}".encode())
    return {"Authorization": f"Basic {word.decode()}"}
