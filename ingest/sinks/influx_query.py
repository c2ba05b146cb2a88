"""Reading from InfluxDB 1.x by InfluxQL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from ssl import SSLContext
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

_LONGEST_ANSWER = 64_000_000


class NoAnswer(Exception):  # noqa: N818 named after what the caller does: tell the person
    """The database gave no answer that can be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class InfluxDatabase:
    """A database of InfluxDB 1.x, asked by InfluxQL; each request has a time limit."""

    url: str
    database: str
    headers: Mapping[str, str]
    timeout_s: float
    tls: SSLContext | None = None

    def series(self, query: str) -> list[dict[str, Any]]:
        """Return the series that answer a query, times in milliseconds; NoAnswer."""
        parameters = urlencode({"db": self.database, "epoch": "ms", "q": query})
        request = Request(f"{self.url.rstrip('/')}/query?{parameters}", headers=dict(self.headers))  # noqa: S310 http or https by the settings
        try:
            with urlopen(request, timeout=self.timeout_s, context=self.tls) as answer:  # noqa: S310
                body = answer.read(_LONGEST_ANSWER)
            (result,) = json.loads(body)["results"]
        except HTTPError as error:
            error.close()
            raise NoAnswer(f"{self.url}: answers {error.code} {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise NoAnswer(f"{self.url}: no answer: {_why(error)}") from None
        except (ValueError, KeyError):
            raise NoAnswer(f"{self.url}: expected an answer of InfluxDB 1.x") from None
        if "error" in result:
            raise NoAnswer(f"{self.url}: refuses: {result['error']}")
        found: list[dict[str, Any]] = result.get("series", [])
        return found


def _why(error: Exception) -> str:
    """Return the class of what happened: the text of a library may repeat an address or header."""
    reason = getattr(error, "reason", error)
    return "not in time" if isinstance(reason, TimeoutError) else type(reason).__name__
