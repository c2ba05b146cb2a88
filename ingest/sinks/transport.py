"""The transport: how a body of lines reaches a database, and the little of its answer we use."""

from typing import NamedTuple, Protocol

import aiohttp

from ingest.sink import SinkUnavailable

_LONGEST_BODY = 4_096


class Answer(NamedTuple):
    """What a database answered to a write."""

    status: int
    retry_after: str | None
    body: str


class Transport(Protocol):
    """One write endpoint of one database. Every request has a time limit."""

    async def post(self, lines: bytes) -> Answer:
        """Send gzipped lines with times in milliseconds.

        Raises SinkUnavailable if no whole answer came.
        """

    async def close(self) -> None:
        """Give back connections."""


async def answer_of(response: aiohttp.ClientResponse) -> Answer:
    """Return the answer, its body cut after 4 KiB, and end the response."""
    body = bytearray()
    async with response:
        async for chunk in response.content.iter_chunked(_LONGEST_BODY):
            body += chunk
            if len(body) >= _LONGEST_BODY:
                break
    text = body[:_LONGEST_BODY].decode("utf-8", "replace")
    return Answer(response.status, response.headers.get("Retry-After"), text)


def unavailable(error: Exception) -> SinkUnavailable:
    """Return what a failed request means. Its text names the error's class only.

    The message of an HTTP library may repeat an address or a header.
    """
    why = "not in time" if isinstance(error, TimeoutError) else type(error).__name__
    return SinkUnavailable(f"no answer: {why}")
