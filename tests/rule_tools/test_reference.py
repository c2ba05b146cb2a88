"""Laws of the reference: every rule and every limit stands in it, and it is not stale."""

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.rule_tools.reference import (
    Language,
    details,
    limit_rows,
    rules_markdown,
    severities_of,
    span,
)
from rules.catalogue import alert_rules, catalogue
from rules.severity import Severity

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_the_one_that_the_rules_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_markdown(), "make docs"


def test_the_page_names_every_rule_and_every_limit() -> None:
    page = rules_markdown()
    for rule in alert_rules().values():
        assert f"| [`{rule.name}`](" in page
        for limit in rule.limits:
            assert f"| `{rule.name}.{limit.name}` | {limit.default:g} |" in page


def test_severities_are_those_that_people_are_told() -> None:
    assert severities_of(catalogue()["water_frost"]) == [Severity.WARNING, Severity.CRITICAL]
    assert severities_of(catalogue()["meter_silent"]) == [Severity.NOTICE, Severity.WARNING]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.EN, {"subject": "device", "severities": "warning, critical"}),
        (Language.ZH, {"对象": "设备", "级别": "警告, 紧急"}),
    ],
)
def test_a_rule_is_told_of_in_the_language_asked_for(
    language: Language, told: dict[str, str]
) -> None:
    assert told.items() <= details(catalogue()["gas_level_ch4"], language).items()


def test_a_source_is_told_of_in_the_language_asked_for() -> None:
    (limit,) = limit_rows(catalogue()["reverse_flow"], Language.ZH)

    assert limit["依据"] == "供水企业实践"


@pytest.mark.parametrize(
    ("duration", "told"),
    [
        (None, ""),
        (timedelta(0), ""),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=54), "54 h"),
        (timedelta(days=1), "24 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_fits(duration: timedelta | None, told: str) -> None:
    assert span(duration) == told
