from datetime import timedelta

import pytest

from ingest.sinks.retry_after import LONGEST_WAIT, wait_of

NOW = 1_760_000_000_000  # Thu, 09 Oct 2025 08:53:20 GMT


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("2", timedelta(seconds=2)),
        (" 0 ", timedelta()),
        ("999999999999", LONGEST_WAIT),
        ("Thu, 09 Oct 2025 08:53:50 GMT", timedelta(seconds=30)),
        ("Thu, 09 Oct 2025 08:53:50 -0000", timedelta(seconds=30)),
        ("Thu, 09 Oct 2025 08:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_the_wait_is_what_the_header_asks_for_within_an_hour(
    header: str | None, wait: timedelta | None
) -> None:
    assert wait_of(header, NOW) == wait
