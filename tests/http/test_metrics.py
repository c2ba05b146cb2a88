"""Every metric is documented, and says so little that it can be kept."""

import re
from collections import Counter
from pathlib import Path

import pytest

from devices.reading import Reading
from ingest.intake import Sorted
from ingest.journal.batch import Batch, Committed, DeadLetter
from ingest.metrics import LABELS, Described, Metrics
from ingest.metrics_table import all_metrics, metrics_markdown

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_of_metrics_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == metrics_markdown(), "write it anew: make docs"


def test_what_is_described_is_what_is_registered() -> None:
    metrics = Metrics()
    registered = {
        (family.name, family.type)
        for family in metrics.registry.collect()
        if family.name.startswith("gridwatch_")
    }

    assert registered == {
        (metric.name.removesuffix("_total"), metric.type) for metric in metrics.described
    }


@pytest.mark.parametrize("metric", all_metrics(), ids=lambda metric: metric.name)
def test_a_metric_has_a_good_name_and_explains_itself(metric: Described) -> None:
    assert re.fullmatch(r"gridwatch_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.type == "counter")
    assert len(metric.meaning.split()) >= 2
    assert set(metric.labels) <= set(LABELS)


def test_no_metric_is_there_twice() -> None:
    names = [metric.name for metric in all_metrics()]

    assert len(set(names)) == len(names)


def test_a_batch_is_counted_by_kind_stage_and_reason() -> None:
    metrics = Metrics()
    letter = DeadLetter("decode", "not_json", "", "gw/v1/door/d/up", b"", 0)
    conflict = DeadLetter("store", "conflict", "", "gw/v1/boat/b/up", b"", 0)
    batch = Batch([Reading("wm", "water_meter", 0, 0, {})], [], [], [letter])
    incoming = Sorted(
        batch, Counter({("door", "up"): 1, ("water_meter", "up"): 3}), Counter(door=2)
    )
    stored = Committed(
        Counter(water_meter=1), Counter(water_meter=1), Counter(water_meter=2), [conflict]
    )

    metrics.count(incoming, stored)

    assert _value(metrics, "messages_received_total", kind="water_meter", channel="up") == 3
    assert _value(metrics, "readings_stored_total", kind="water_meter") == 1
    assert _value(metrics, "readings_late_total", kind="water_meter") == 1
    assert _value(metrics, "readings_duplicate_total", kind="water_meter") == 2
    assert _value(metrics, "unknown_fields_total", kind="door") == 2
    assert _value(metrics, "batch_messages_sum") == 4
    assert (
        _value(metrics, "dead_letters_total", kind="door", stage="decode", reason="not_json") == 1
    )
    assert (
        _value(metrics, "dead_letters_total", kind="other", stage="store", reason="conflict") == 1
    )


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"gridwatch_{name}", labels)
