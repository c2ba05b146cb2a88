"""Whom Alertmanager tells, what speaks for what, and in which words."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.catalogue import alert_rules
from tests.deploy.alertmanager import FILE, FOLDER, Deployed, post, told
from tests.deploy.files import said_by, service_alerts

pytestmark = pytest.mark.servers
HERE = {"district": "500103", "street": "500103003", "community": "500103003001"}
AREA = {"scope": "area", "alertname": "blind_area", "severity": "warning", "source": "gridwatch"}
GAS = {"alertname": "gas_level_ch4", "scope": "device", "subject": "gas_monitor/gm-1", **HERE}
SILENT = {"alertname": "gas_silent", "scope": "device", "subject": "gas_monitor/gm-1", **HERE}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Deployed]:
    with Deployed(tmp_path / "alertmanager") as started:
        yield started


def test_the_configuration_is_one_that_alertmanager_takes() -> None:
    said = said_by("amtool", "check-config", FILE)

    assert "SUCCESS" in said
    assert "1 templates" in said


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("severity=critical district=500103 street=500103003", "city district street-500103003"),
        ("severity=warning district=500103 street=500103004", "district street-500103004"),
        ("severity=notice district=500103 street=500103003", "street-500103003"),
        ("severity=critical district=500103 street=500103009", "city district"),
        ("severity=warning district=500103 street=500103009", "district"),
        ("severity=notice district=500103 street=500103009", "district"),
        ("severity=notice district=500103", "district"),
        ("severity=critical district=500999", "city"),
        ("severity=warning", "city"),
        ("severity=critical source=service", "operations"),
        ("severity=notice source=service", "operations"),
    ],
)
def test_an_alert_goes_to_those_of_its_area_and_its_severity(labels: str, receivers: str) -> None:
    words = labels.split()
    source = [] if "source=service" in words else ["source=gridwatch"]
    expected = receivers.replace("district", "district-500103").replace(" ", ",")

    said = said_by("amtool", "config", "routes", "test", f"--config.file={FILE}", *words, *source)

    assert said.strip() == expected


@pytest.mark.parametrize(
    ("alerts", "left"),
    [
        (
            [GAS | {"severity": "warning"}, GAS | {"severity": "critical"}],
            {("gas_level_ch4", "critical")},
        ),
        (
            [
                GAS | {"severity": "warning"},
                GAS | {"severity": "critical", "subject": "gas_monitor/gm-2"},
            ],
            {("gas_level_ch4", "warning"), ("gas_level_ch4", "critical")},
        ),
        ([SILENT | {"severity": "critical"}, AREA | HERE], {("blind_area", "warning")}),
        (
            [
                SILENT | {"severity": "critical"},
                AREA | {"district": "500103", "street": "500103003"},
            ],
            {("blind_area", "warning")},
        ),
        (
            [SILENT | {"severity": "critical"}, AREA | HERE | {"community": "500103003002"}],
            {("blind_area", "warning"), ("gas_silent", "critical")},
        ),
        (
            [{"alertname": "gas_silent", "severity": "critical", "subject": "x"}, AREA],
            {("blind_area", "warning"), ("gas_silent", "critical")},
        ),
        (
            [GAS | {"severity": "critical"}, AREA | HERE],
            {("blind_area", "warning"), ("gas_level_ch4", "critical")},
        ),
    ],
    ids=[
        "level 2 over level 1",
        "but not of another device",
        "a blind community over a silent device",
        "a blind street over a silent device",
        "but not of another community",
        "nor of an unknown area",
        "nor over gas",
    ],
)
async def test_what_is_graver_or_wider_speaks_for_the_rest(
    server: Deployed, alerts: list[dict[str, str]], left: set[tuple[str, str]]
) -> None:
    post(server, alerts)

    assert await told(server) == left


def test_only_alerts_that_there_are_speak_for_others_or_are_spoken_for() -> None:
    named = re.findall(r'alertname =~? "?([\w|]+)"?', FILE.read_text(encoding="utf-8"))
    known = {*alert_rules(), *service_alerts()}

    assert {name for each in named for name in each.split("|")} - known == set()


def notification(status: str, severity: str) -> dict[str, object]:
    """Return what a template is given."""
    alert = {
        "status": status,
        "labels": GAS | {"severity": severity},
        "annotations": {
            "summary": "Methane level: gas_monitor/gm-1",
            "summary_zh": "甲烷浓度：gas_monitor/gm-1",
            "runbook_url": "https://gridwatch.example/page",
        },
        "startsAt": "2026-01-02T03:04:05+08:00",
        "endsAt": "2026-01-02T03:14:05+08:00",
    }
    return {"status": status, "alerts": [alert], "commonLabels": {"severity": severity}}


@pytest.mark.parametrize(
    ("status", "severity", "words"),
    [
        ("firing", "critical", "严重 critical"),
        ("firing", "warning", "警告 warning"),
        ("firing", "notice", "提示 notice"),
        ("resolved", "critical", "已解除 resolved"),
    ],
)
def test_messages_say_it_in_chinese_and_english(
    tmp_path: Path, status: str, severity: str, words: str
) -> None:
    data = tmp_path / "data.json"
    data.write_text(json.dumps(notification(status, severity)), encoding="utf-8")

    subject, text = (
        said_by(
            *("amtool", "template", "render"),
            f"--template.glob={FOLDER / 'templates' / '*.tmpl'}",
            f'--template.text={{{{ template "gridwatch.{name}" . }}}}',
            f"--template.data={data}",
        )
        for name in ("subject", "text")
    )

    assert f"【{words}】" in subject
    assert "甲烷浓度" in subject
    for expected in (f"【{words}】", "Methane level", "甲烷浓度", "500103 / 500103003", "/page"):
        assert expected in text
    assert ("结束 until: 2026-01-02 03:14:05 +08:00" in text) == (status == "resolved")
