"""Laws of the dashboards that need no server; their queries are run in `test_dashboard_queries`."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dashboards.every import every
from dashboards.rules_shown import boards, pages
from devices.catalogue import catalogue
from rules.catalogue import alert_rules
from tests.deploy.files import PROMETHEUS, ROOT, RULES, service_alerts, text_of
from tests.deploy.grafana import BOARDS, FOLDER, Query, panels, queries, variables

PANELS = {f"{uid}-{panel['id']}": (uid, panel) for uid, panel in panels()}
PROVISIONED = (FOLDER / "provisioning" / "datasources" / "gridwatch.yaml").read_text("utf-8")
UIDS = {"gridwatch-city", "gridwatch-water", "gridwatch-doors", "gridwatch-gas"} | {
    "gridwatch-service"
}
_CHINESE, _ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{3}")
_URL = re.compile(r'"url": "([^"]+)"')
_TO_BOARD = re.compile(r"^/d/([\w-]+)(?:\?(.*))?$")
_NAMED = re.compile(r"\$\{(\w+)(?::\w+)?\}|var-(\w+)=")
_RULES = re.compile(r'"rule" =~ /\^\(([a-z0-9_|]+)\)\$/')
_ALERT = re.compile(r"Gridwatch[A-Z]\w+")
_BOUND = re.compile(r"[<>] ([0-9.e]+)")
_LEVELS = {"gas_level_ch4", "gas_level_h2s", "gas_level_co"}
_DRAWN = {"level_1", "level_2", "low", "very_low", "enriched"}
_AS_DRAWN = {"mg/m3": "conmgm3"}
_OF_GRAFANA = {"__url_time_range", "__value", "__data"}


def in_both_languages(text: str) -> bool:
    return bool(_CHINESE.search(text) and _ENGLISH.search(text))


def links() -> list[tuple[str, str]]:
    """Return each link of a panel with the uid of its dashboard."""
    texts = ((uid, json.dumps(panel, ensure_ascii=False)) for uid, panel in panels())
    return sorted({(uid, url) for uid, text in texts for url in _URL.findall(text)})


def test_the_committed_files_are_what_is_generated() -> None:
    made = every()

    assert set(made) == set(BOARDS) == UIDS
    stale = [uid for uid, text in made.items() if _file(uid) != text]
    assert stale == [], "make dashboards"


def _file(uid: str) -> str:
    return (FOLDER / "dashboards" / f"{uid}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("uid", sorted(BOARDS))
def test_a_dashboard_is_named_in_both_languages_and_known_by_its_file(uid: str) -> None:
    board = BOARDS[uid]
    ids = [panel["id"] for panel in board["panels"]]

    assert board["uid"] == uid
    assert in_both_languages(board["title"])
    assert in_both_languages(board["description"])
    assert ids == list(range(1, len(ids) + 1))
    assert len(ids) <= 10


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_says_in_both_languages_what_it_answers_and_in_which_unit(name: str) -> None:
    _, panel = PANELS[name]

    assert in_both_languages(panel["title"])
    assert in_both_languages(panel["description"])
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_a_query_goes_to_a_data_source_that_is_provisioned(query: Query) -> None:
    source = query.target["datasource"]

    assert source == query.panel["datasource"]
    assert f"uid: {source['uid']}\n    type: {source['type']}\n" in PROVISIONED


def test_panels_of_a_dashboard_lie_on_the_grid_and_on_no_other() -> None:
    for board in BOARDS.values():
        places = [panel["gridPos"] for panel in board["panels"]]
        cells = Counter(
            (x, y)
            for place in places
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        )
        assert set(cells.values()) == {1}
        assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize(("uid", "url"), links())
def test_a_link_leads_to_what_there_is_and_carries_what_there_is(uid: str, url: str) -> None:
    own = {each["name"] for each in variables(uid)}
    named = {of_own for of_own, _ in _NAMED.findall(url) if of_own} - _OF_GRAFANA
    to_board = _TO_BOARD.match(url.replace("${__data.fields.board}", uid))

    assert named <= own
    if to_board is None:
        assert re.match(r"\$\{runbooks\}/(rules/library|docs/runbooks)/\$\{__value\.\w+\}", url)
        return
    assert to_board[1] in BOARDS
    theirs = {each["name"] for each in variables(to_board[1])}
    assert {of_theirs for _, of_theirs in _NAMED.findall(url) if of_theirs} <= theirs


@pytest.mark.parametrize("rule", sorted(alert_rules()))
def test_what_to_do_about_a_rule_stands_where_its_link_leads(rule: str) -> None:
    page = ROOT / "rules" / "library" / pages().get(rule, rule) / "README.md"

    assert "\n## At three in the morning\n" in page.read_text(encoding="utf-8")
    assert boards()[rule] in BOARDS


@pytest.mark.parametrize("uid", ["gridwatch-water", "gridwatch-doors", "gridwatch-gas"])
def test_each_rule_of_a_dashboard_is_in_one_of_its_lists(uid: str) -> None:
    asked = [q.target.get("query", "") for q in queries() if q.board == uid]
    listed = [rule for query in asked for rule in "|".join(_RULES.findall(query)).split("|")]

    assert sorted(filter(None, listed)) == sorted(r for r, at in boards().items() if at == uid)


def test_the_base_of_the_runbooks_can_be_set_where_the_files_are_written(tmp_path: Path) -> None:
    base = "https://docs.example/gridwatch"
    command = [sys.executable, "-m", "dashboards", str(tmp_path), f"{base}/"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)

    written = {file.stem: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    assert set(written) == set(BOARDS)
    assert all(f'"query": "{base}"' in text for text in written.values())


def drawn(panel: Mapping[str, Any]) -> set[float]:
    """Return the values from which on a panel has another colour."""
    steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", ())
    return {step["value"] for step in steps} - {None}


def test_an_alert_that_a_panel_names_exists_and_its_limit_is_drawn() -> None:
    rules = text_of(RULES)
    for uid, panel in panels():
        named = set(_ALERT.findall(panel["description"]))
        assert named <= set(service_alerts())
        if uid != "gridwatch-service" or panel["type"] != "timeseries":
            continue
        exprs = [rules.split(f"alert: {name}\n")[1].split(" - alert:")[0] for name in named]
        known = {float(each) for expr in exprs for each in _BOUND.findall(expr)}
        assert drawn(panel) <= known, panel["title"]


@pytest.mark.parametrize("field", ["ch4_lel_pct", "h2s_mgm3", "co_mgm3", "o2_vol_pct"])
def test_gas_is_drawn_in_the_unit_of_its_field_with_the_limits_of_its_rules(field: str) -> None:
    (unit,) = (each.unit for each in catalogue()["gas_monitor"].fields if each.name == field)
    (panel,) = (
        panel
        for uid, panel in panels()
        if uid == "gridwatch-gas" and f'"{field}") FROM' in panel["targets"][0].get("query", "")
    )
    rules = (rule for name, rule in alert_rules().items() if name in {*_LEVELS, "oxygen"})
    (limits,) = (
        {limit.default for limit in rule.limits if limit.name in _DRAWN}
        for rule in rules
        if field in rule.fields["gas_monitor"]
    )

    assert panel["fieldConfig"]["defaults"]["unit"] == _AS_DRAWN.get(str(unit), f"suffix: {unit}")
    assert drawn(panel) == limits


def test_links_to_runbooks_begin_as_those_of_prometheus_do() -> None:
    base = re.findall(
        r"^    runbooks: (\S+)$", (PROMETHEUS / "prometheus.yml").read_text("utf-8"), re.MULTILINE
    )
    constants = [
        each["query"] for uid in BOARDS for each in variables(uid) if each["name"] == "runbooks"
    ]

    assert constants == base * len(BOARDS)


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.name)
def test_what_can_be_of_one_area_is(query: Query) -> None:
    text = query.target.get("query") or query.target["expr"]
    has_area = "query" in query.target or re.search(r"gridwatch[_:]alerts\b", text)

    assert "${district:regex}" in text or "${meter:regex}" in text or not has_area


def test_a_variable_asks_only_for_those_before_it() -> None:
    for uid in BOARDS:
        known: set[str] = set()
        for each in variables(uid):
            assert set(re.findall(r"\$\{(\w+)", str(each["query"]))) <= known
            known.add(each["name"])
