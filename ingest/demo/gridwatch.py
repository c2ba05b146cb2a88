"""The service itself as a child process, beside the servers it works with."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from ingest.demo.pace import Pace, words_of
from ingest.demo.programs import LOOPBACK, Server

Tables: TypeAlias = Mapping[str, Mapping[str, object]]
_ANSWER_LIMIT_S = 5.0


class Gridwatch(Server):
    """`gridwatch run` with its journal, settings and log in one folder; at a pace, if given one."""

    executable = sys.executable
    package = "python3"

    def __init__(self, folder: Path, tables: Tables, pace: Pace | None = None) -> None:
        super().__init__(folder)
        self.log = folder / "gridwatch.log"
        self.settings = folder / "gridwatch.toml"
        self.journal = folder / "gridwatch.db"
        self._tables = tables
        self._pace = pace

    @property
    def exit_code(self) -> int | None:
        """How the process ended, None while it runs."""
        return self._process.poll() if self._process else None

    def arguments(self) -> Sequence[str]:
        """Write the settings and return the command."""
        tables: dict[str, dict[str, object]] = {
            name: dict(table) for name, table in self._tables.items()
        }
        tables["http"] = {"port": self.port, **tables.get("http", {})}
        tables["journal"] = {"path": str(self.journal), **tables.get("journal", {})}
        self.settings.write_text(_toml(tables), encoding="utf-8")
        if self._pace:
            return ("-m", "ingest.demo.service", str(self.settings), *words_of(self._pace))
        return ("-m", "ingest", "run", "--settings", str(self.settings))

    def answers(self) -> bool:
        """Return whether the service is connected, subscribed and well."""
        with urlopen(f"{self.url}/readyz", timeout=_ANSWER_LIMIT_S) as answer:  # noqa: S310 ours
            return bool(answer.status == 200)

    def samples(self) -> list[Sample]:
        """Return what `/metrics` says; OSError if the service is not up."""
        with urlopen(f"{self.url}/metrics", timeout=_ANSWER_LIMIT_S) as answer:  # noqa: S310 ours
            text = answer.read().decode()
        return [s for family in text_string_to_metric_families(text) for s in family.samples]

    def metrics(self) -> dict[str, float]:
        """Return each metric's sum over its labels, by sample name; OSError if it is not up."""
        return totals_of(self.samples())


def totals_of(samples: Iterable[Sample]) -> dict[str, float]:
    """Return the sum over the labels, by sample name."""
    totals: dict[str, float] = {}
    for sample in samples:
        totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    return totals


def mqtt_table(port: int, client_id: str = "gridwatch") -> dict[str, object]:
    """Return the `[mqtt]` table for a broker on loopback."""
    return {"host": LOOPBACK, "port": port, "client_id": client_id}


def _toml(tables: Tables) -> str:
    lines = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
