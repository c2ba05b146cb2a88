"""The site: it builds strictly, has a place for everything, and fetches nothing from elsewhere."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from devices.catalogue import catalogue
from ingest.configuration import settings_fields
from ingest.metrics_table import all_metrics
from rules.catalogue import alert_rules, homes
from website.decisions import decisions, noted
from website.han import BETWEEN, separated
from website.links import Links
from website.tree import ROOT, Tree

CONFIG = ROOT / "website/mkdocs.yml"
_FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
_FROM_STYLE = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^\s)\"']+")


class Page(HTMLParser):
    """What a page of the site fetches, and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.classes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.classes.update((values.get("class") or "").split())
        if values.get("rel") == "canonical":
            return
        if tag in _FETCHED:
            self.fetched.append(values.get(_FETCHED[tag]) or "")
        if tag == "a":
            self.links.append(values.get("href") or "")


def built(config: Path, into: Path) -> subprocess.CompletedProcess[str]:
    command = (
        *(sys.executable, "-m", "mkdocs", "build", "--strict"),
        *("--config-file", config, "--site-dir", into),
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, built as `make site` builds it."""
    folder = tmp_path_factory.mktemp("built") / "site"
    outcome = built(CONFIG, folder)
    assert outcome.returncode == 0, outcome.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, str]:
    return {
        page.relative_to(site).as_posix(): page.read_text(encoding="utf-8")
        for page in site.rglob("*.html")
    }


def test_no_page_fetches_anything_from_elsewhere(site: Path, pages: dict[str, str]) -> None:
    fetched = {source for text in pages.values() for source in Page(text).fetched}
    styles = [page.read_text(encoding="utf-8") for page in site.rglob("*.css")]

    assert len(fetched) > 5
    assert [source for source in fetched if re.match(r"(?:[a-z]+:)?//", source)] == []
    assert [
        found for text in (*styles, *pages.values()) for found in _FROM_STYLE.findall(text)
    ] == []


def test_no_page_holds_what_the_theme_fetches_a_program_for(pages: dict[str, str]) -> None:
    classes = {name for text in pages.values() for name in Page(text).classes}

    assert classes & {"mermaid", "arithmatex", "glightbox", "md-source"} == set()


def test_every_file_that_a_page_names_is_in_the_site(site: Path, pages: dict[str, str]) -> None:
    missing = [
        (page, target)
        for page, text in pages.items()
        if page != "404.html"
        for target in (*Page(text).links, *Page(text).fetched)
        if target
        and not re.match(r"[a-z]+:|#", target)
        and not ((site / page).parent / re.split(r"[#?]", target)[0]).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("name", catalogue())
def test_every_kind_has_its_page_and_its_schema(name: str, pages: dict[str, str]) -> None:
    links = Page(pages["payloads/index.html"]).links

    assert {f"{name}.html", f"{name}.schema.json"} <= set(links)
    assert all(f"<code>{field.name}</code>" in pages[f"payloads/{name}.html"]
               for field in catalogue()[name].fields)  # fmt: skip


def test_every_rule_has_its_page_with_its_limits_and_words(pages: dict[str, str]) -> None:
    for name, rule in alert_rules().items():
        page = pages[f"rules/{homes()[name]}.html"]
        links = Page(pages["rules.html"]).links

        assert f"rules/{homes()[name]}.html" in links
        assert f'id="{name}"' in page
        assert rule.title_zh in page
        assert all(f"<td>{limit.name}</td>" in page for limit in rule.limits)


def test_every_setting_and_metric_has_its_place(pages: dict[str, str]) -> None:
    settings = [key.replace(".", "__").upper() for key, _ in settings_fields()]

    assert [key for key in settings if f"GRIDWATCH_{key}" not in pages["settings.html"]] == []
    assert [each.name for each in all_metrics() if each.name not in pages["metrics.html"]] == []


def test_every_runbook_and_decision_has_its_place(pages: dict[str, str]) -> None:
    names = {page.stem for page in (ROOT / "docs/runbooks").glob("Gridwatch*.md")}
    links = set(Page(pages["runbooks/index.html"]).links)

    assert names
    assert {f"{name}.html" for name in names} <= links
    modules = [note.module for note in decisions(ROOT)]
    assert len(modules) > 20
    assert [each for each in modules if f"<code>{each}</code>" not in pages["decisions.html"]] == []


def test_the_index_of_the_search_holds_both_languages(site: Path) -> None:
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    text = "".join(part["title"] + part["text"] for part in index["docs"])

    assert BETWEEN.join("甲烷浓度") in text
    assert "甲烷" not in text
    assert "Methane" in text
    assert (site / "search/search_index.js").read_text(encoding="utf-8").endswith(json.dumps(
        index, ensure_ascii=False))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "nav", "complaint"),
    [
        ("[gone](gone.md)", "", "'gone.md'"),
        ("[gone](#gone)", "", "'#gone'"),
        ("whole", "", None),
        ("whole", "nav: [index.md]", 'not included in the "nav"'),
    ],
)
def test_what_is_broken_is_refused(
    tmp_path: Path, text: str, nav: str, complaint: str | None
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(text, encoding="utf-8")
    (tmp_path / "docs/other.md").write_text(text, encoding="utf-8")
    config = tmp_path / "mkdocs.yml"
    config.write_text(_BROKEN.format(config=CONFIG, folder=CONFIG.parent, nav=nav or _WHOLE))

    outcome = built(config, tmp_path / "site")

    assert outcome.returncode == (1 if complaint else 0), outcome.stderr
    assert (complaint or "") in outcome.stderr


_WHOLE = "nav: [index.md, other.md]"
_BROKEN = """INHERIT: {config}
docs_dir: docs
hooks: []
theme: {{custom_dir: {folder}/theme}}
{nav}
"""


@pytest.mark.parametrize(
    ("link", "rewritten", "files"),
    [
        ("[a](b.md#part)", "[a](b.md#part)", set()),
        ("[a](../rules/x/README.md)", "[a](rules/x.md)", set()),
        ("[a](../Makefile)", "[a](files/Makefile)", {"Makefile"}),
        ("[a](../gone)", "[a](../gone)", set()),
        ("[a](https://gridwatch.example/b)", "[a](https://gridwatch.example/b)", set()),
        ("`[a](../Makefile)`", "`[a](../Makefile)`", set()),
        ("```\n[a](../Makefile)\n```", "```\n[a](../Makefile)\n```", set()),
    ],
)
def test_a_link_leads_to_the_same_thing_in_the_site(
    link: str, rewritten: str, files: set[str]
) -> None:
    links = Links(ROOT, Tree({"rules/x/README.md": "rules/x.md"}))

    assert links.rewritten(link, "docs/a.md", "a.md") == rewritten
    assert links.files == files


def test_a_decision_has_the_parts_that_its_note_has() -> None:
    note = noted(
        "What it is.\n\nContext: so. Decision:\none way. Given up: another.\n\nMore.", "a.py"
    )

    assert note.about == "What it is"
    assert note.parts == (("Context", "so."), ("Decision", "one way."), ("Given up", "another."))


@pytest.mark.parametrize(
    ("text", "parts"),
    [("甲烷", "甲\u200b烷"), ("CH4 甲烷 level", "CH4 甲\u200b烷 level"), ("水, 表", "水, 表")],
)
def test_every_han_character_is_a_word_to_the_search(text: str, parts: str) -> None:
    assert separated(text) == parts
