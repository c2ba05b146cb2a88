"""Real servers for the tests that ask for one; each test has its own, in its own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.demo.programs import Alertmanager, InfluxDB, Mosquitto, VictoriaMetrics


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    """InfluxDB 1.x with an empty database `gridwatch`."""
    with InfluxDB(tmp_path / "influxdb") as database:
        database.create_database("gridwatch")
        yield database


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    with Alertmanager(tmp_path / "alertmanager") as server:
        yield server


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path / "victoria-metrics") as database:
        yield database
