"""The pages for people: what they show can be typed, and where they point there is something."""

import re
from pathlib import Path

import pytest
import typer

from devices.decoding import Decoder
from devices.instant import iso_of
from ingest.cli import app
from ingest.clock import MachineClock
from ingest.configuration import load_settings

ROOT = Path(__file__).parents[2]
FOLDERS = ("devices", "docs", "mosquitto", "tests/samples")
PAGES = [*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
FIGURES = (
    *("ratio", "ratio_influx", "cpu_us_per_reading", "p50_ms", "p99_ms", "rss_mb"),
    *("ratio_without_rules", "cpu_us_without_rules"),
    *("subjects", "bytes_per_subject", "restart_s", "idle_tick_ms"),
)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_TARGET = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
_EXAMPLE = re.compile(r"mosquitto_pub -q 1 -t (\S+) -m '(\{\S*\"type\".*?\})'\n", re.DOTALL)
_NOW = """'"$(date -Iseconds)"'"""
_OF_A_LOOP = "'$ch4'"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_that_is_named_exists(page: Path) -> None:
    named = set(_TARGET.findall(page.read_text(encoding="utf-8")))

    assert {target for target in named if f"\n{target}:" not in MAKEFILE} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_every_command(name: str) -> None:
    assert re.search(rf"^\|.*`{name}\b.*\|", README, re.MULTILINE)


def test_the_readme_gives_the_figures_that_the_benchmark_prints() -> None:
    assert all(f"`{figure}`" in README for figure in FIGURES)


@pytest.mark.parametrize(("page", "devices"), [("README.md", 1), ("docs/start.md", 2)])
def test_the_devices_of_the_examples_are_understood(page: str, devices: int) -> None:
    now = MachineClock().now()
    examples = _EXAMPLE.findall((ROOT / page).read_text(encoding="utf-8"))

    assert len(examples) == devices
    for topic, payload in examples:
        _, _, kind, device, _ = topic.split("/")
        said = payload.replace(_NOW, iso_of(now)).replace(_OF_A_LOOP, "31").encode()
        upload = Decoder().decode(kind, device, said, now)

        assert len(upload.readings) == 1
        assert upload.unknown_fields == 0


def test_the_settings_of_the_readme_are_good(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "gridwatch.toml"
    file.write_text(example, encoding="utf-8")

    assert load_settings(file).sink.influx
