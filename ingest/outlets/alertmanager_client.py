"""The HTTP client of an Alertmanager: `POST /api/v2/alerts`."""

import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime

import aiohttp
from pydantic_core import to_json

from devices.instant import Instant, instant_of
from ingest.clock import Clock, stopwatch
from ingest.outlets.posting import Posting
from ingest.sink import SinkUnavailable
from ingest.sinks.lines import REFUSED, why_of
from ingest.sinks.retry_after import wait_of
from ingest.sinks.transport import answer_of, unavailable

_TAKEN = 200
_SECOND_MS = 1_000


class AlertmanagerClient:
    """Posts to one Alertmanager; to be made where an event loop runs."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = f"{url.rstrip('/')}/api/v2/alerts"
        self._clock = clock
        self._heard: tuple[Instant, float] | None = None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls or True),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    async def post(self, postings: Sequence[Posting]) -> str:
        """Post some alerts; return why some are refused, "" if all were taken.

        SinkUnavailable if no whole answer came, or one that says that none were.
        """
        body = to_json([posting.body() for posting in postings])
        try:
            response = await self._session.post(self._url, data=body, allow_redirects=False)
            self._note(response.headers.get("Date", ""))
            answer = await answer_of(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unavailable(error) from None
        if answer.status == _TAKEN:
            return ""
        if answer.status in REFUSED:
            return why_of(answer)
        raise SinkUnavailable(why_of(answer), wait_of(answer.retry_after, self._clock.now()))

    async def present(self, now: Instant) -> Instant:
        """Return its present by the last answer, up to 1 s ahead; ours if it does not say.

        Asks if there was none so far. SinkUnavailable if none comes.
        """
        if self._heard is None:
            await self.post(())
        if self._heard is None:
            return now
        shown, heard_s = self._heard
        return shown + round((stopwatch() - heard_s) * 1000)

    def _note(self, date: str) -> None:
        """Take note of the other side's clock, which drops the rest of a second."""
        with suppress(ValueError):
            shown = parsedate_to_datetime(date).replace(tzinfo=UTC)
            self._heard = (instant_of(shown) + _SECOND_MS, stopwatch())

    async def close(self) -> None:
        """Give back connections."""
        await self._session.close()
