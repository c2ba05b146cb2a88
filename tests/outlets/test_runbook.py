"""Every alert of the library leads to what to do about it."""

import pytest

from ingest.outlets.runbook import SECTION, runbook_of
from rules.catalogue import alert_rules
from tests.deploy.files import ROOT

BASE = "https://gridwatch.example/main"


@pytest.mark.parametrize("rule", alert_rules())
def test_the_runbook_of_a_rule_is_a_section_that_says_something(rule: str) -> None:
    path, _, anchor = runbook_of(rule, None).partition("#")
    page = (ROOT / path).read_text(encoding="utf-8")
    _, _, section = page.partition(f"\n## {SECTION}\n")

    assert anchor == SECTION.lower().replace(" ", "-")
    assert len(section.split("\n## ")[0].strip()) > 40


@pytest.mark.parametrize("rule", alert_rules())
def test_the_list_of_the_runbooks_names_the_page_of_each_rule(rule: str) -> None:
    listed = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")

    row = f"| [{rule}](../../{runbook_of(rule, None)}) | {alert_rules()[rule].title_zh} |"
    assert row in listed


@pytest.mark.parametrize("base", [BASE, f"{BASE}/"])
def test_a_link_begins_with_the_base(base: str) -> None:
    section = "rules/library/lease/README.md#at-three-in-the-morning"

    assert runbook_of("lease_ended", base) == f"{BASE}/{section}"


def test_a_rule_that_is_gone_leads_to_the_list_of_rules() -> None:
    assert runbook_of("of_yesterday", BASE) == f"{BASE}/docs/rules.md"
    assert (ROOT / runbook_of("of_yesterday", None)).exists()
