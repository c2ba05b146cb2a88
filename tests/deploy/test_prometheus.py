"""The rules for Prometheus, tried by its own tool; every alert of them is tried and explained."""

import re

import pytest

from ingest.metrics_table import all_metrics
from tests.deploy.files import PROMETHEUS, ROOT, RULES, TESTS, said_by, service_alerts, text_of

pytestmark = pytest.mark.servers
RUNBOOKS = ROOT / "docs" / "runbooks"
_LINK = "runbook_url: '{{{{ $externalLabels.runbooks }}}}/docs/runbooks/{}.md'"
_METRIC = re.compile(r"\bgridwatch_[a-z_]+")


def test_the_configuration_is_one_that_prometheus_takes() -> None:
    said = said_by("promtool", "check", "config", "--lint-fatal", PROMETHEUS / "prometheus.yml")

    assert f"{len(RULES)} rule files found" in said


def test_every_rule_does_what_its_unit_tests_say() -> None:
    said = said_by("promtool", "test", "rules", *TESTS)

    assert said.count("SUCCESS") == len(TESTS)


def test_every_alert_is_seen_to_fire() -> None:
    expected = re.findall(r'alertname="(\w+)"', text_of(TESTS))

    assert set(service_alerts()) == set(expected)


def test_every_alert_has_its_runbook_and_links_to_it() -> None:
    text = text_of(RULES)
    alerts = service_alerts()

    assert [each for each in alerts if text.count(_LINK.format(each)) != 1] == []
    assert sorted([*alerts, "README"]) == sorted(page.stem for page in RUNBOOKS.glob("*.md"))


@pytest.mark.parametrize("name", service_alerts())
def test_a_runbook_says_what_it_means_and_what_to_do_at_three_in_the_morning(name: str) -> None:
    page = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    listed = (RUNBOOKS / "README.md").read_text(encoding="utf-8")

    assert page.startswith(f"# {name} (")
    assert "\n## At three in the morning\n\n1. " in page
    assert f"({name}.md)" in listed


def test_rules_ask_for_metrics_that_there_are() -> None:
    known = {metric.name for metric in all_metrics()}
    known |= {f"{metric.name}_bucket" for metric in all_metrics() if metric.type == "histogram"}

    assert set(_METRIC.findall(text_of([*RULES, *TESTS]))) - known == set()
