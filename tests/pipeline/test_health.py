"""What is wrong, said when it begins and when it ends."""

import pytest

from ingest.health import Health


def test_trouble_is_said_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    health = Health()

    for why in ("the disk is full", "the disk is full", "its limit is reached"):
        health.trouble("journal", why)
    assert health.troubles == {"journal": "its limit is reached"}
    for _ in range(2):
        health.recovered("journal")

    assert health.troubles == {}
    said = [record.getMessage() for record in caplog.records]
    assert said == ["journal: the disk is full", "journal: works again"]


def test_only_the_journal_makes_the_service_unhealthy() -> None:
    health = Health()

    health.trouble("sink:influx", "nobody listens")
    assert health.healthy

    health.trouble("journal", "the disk is full")
    assert not health.healthy
