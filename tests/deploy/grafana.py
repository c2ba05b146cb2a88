"""The committed dashboards as Grafana reads them: panels, variables, what is put in for these."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from devices.instant import Instant, milliseconds_of
from tests.deploy.files import ROOT

FOLDER = ROOT / "deploy" / "grafana"
BOARDS: Mapping[str, Any] = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted((FOLDER / "dashboards").glob("*.json"))
}
_SPECIAL = re.compile(r"([\\^$*+?.()|{}\[\]/])")
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
_LEFT = re.compile(r"\$(?:\{|[A-Za-z_])")
_SINCE = re.compile(r"^now-(\d+)([hd])$")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


class Query(NamedTuple):
    """A query of a panel, and where it stands."""

    board: str
    panel: Any
    target: Any

    @property
    def name(self) -> str:
        return f"{self.board}-{self.panel['id']}-{self.target['refId']}"


class Shown(NamedTuple):
    """The time that a dashboard shows, in milliseconds."""

    since: Instant
    until: Instant


def panels() -> Iterator[tuple[str, Any]]:
    """Yield each panel with the uid of its dashboard."""
    for uid, board in BOARDS.items():
        yield from ((uid, panel) for panel in board["panels"])


def queries() -> list[Query]:
    return [
        Query(uid, panel, target) for uid, panel in panels() for target in panel.get("targets", ())
    ]


def variables(uid: str) -> list[Any]:
    return list(BOARDS[uid]["templating"]["list"])


def shown(uid: str, now: Instant) -> Shown:
    number, unit = _SINCE.findall(BOARDS[uid]["time"]["from"])[0]
    return Shown(now - int(number) * milliseconds_of(_UNITS[unit]), now)


def filled(text: str, values: Mapping[str, str], time: Shown, interval: str) -> str:
    """Return a query with everything put in; KeyError or AssertionError for what is not known.

    A value of `.*` is that of All, which Grafana puts in as it is; others it escapes for `regex`.
    """

    def value(found: re.Match[str]) -> str:
        name, form = found.groups()
        assert form in {None, "regex", "raw"}, found[0]
        return _escaped(values[name]) if form == "regex" else values[name]

    made = _VARIABLE.sub(value, text)
    made = made.replace("$timeFilter", f"time >= {time.since}ms and time <= {time.until}ms")
    made = made.replace("$__interval", interval)
    assert not _LEFT.search(made), made
    return made


def options(variable: Mapping[str, Any], found: list[str]) -> list[str]:
    """Return what a variable offers of what its query found."""
    pattern = variable.get("regex") or ""
    if pattern:
        matches = (re.search(pattern.strip("/"), each) for each in found)
        found = [each[1] for each in matches if each]
    return sorted(set(found))


def _escaped(value: str) -> str:
    return value if value == ".*" else _SPECIAL.sub(r"\\\1", value)
