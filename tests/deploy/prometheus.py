"""The Prometheus of `deploy/`, fifteen times as fast and at other addresses."""

import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ingest.demo.programs import LOOPBACK, Server
from tests.deploy.files import PROMETHEUS, RULES


class Prometheus(Server):
    """Scrapes and judges each second; what lasts a minute there lasts four seconds here."""

    executable = "prometheus"
    package = "prometheus"

    def __init__(self, folder: Path, service_port: int, alertmanager_port: int) -> None:
        super().__init__(folder)
        self._changed = (
            ("scrape_interval: 15s", "scrape_interval: 1s"),
            ("scrape_timeout: 10s", "scrape_timeout: 1s"),
            ("evaluation_interval: 15s", "evaluation_interval: 1s"),
            ("127.0.0.1:9464", f"{LOOPBACK}:{service_port}"),
            ("127.0.0.1:9093", f"{LOOPBACK}:{alertmanager_port}"),
        )

    def arguments(self) -> Sequence[str]:
        """Write the configuration and the rules, and point the server at them."""
        text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        for here, there in self._changed:
            assert here in text
            text = text.replace(here, there)
        file = self.folder / "prometheus.yml"
        file.write_text(text, encoding="utf-8")
        (self.folder / "rules").mkdir(exist_ok=True)
        for rules in RULES:
            quick = rules.read_text(encoding="utf-8").replace("for: 1m\n", "for: 4s\n")
            (self.folder / "rules" / rules.name).write_text(quick, encoding="utf-8")
        return (
            f"--config.file={file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
        )

    def answers(self) -> bool:
        """Return whether it is ready."""
        return self._get("/-/ready")[0] == 200

    def value_of(self, query: str) -> float | None:
        """Return what the query says now, None if it finds nothing."""
        answer = json.loads(self._get(f"/api/v1/query?query={query}")[1])
        found = answer["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 JSON
        """Return the data of an answer of the API; AssertionError with the error in its place."""
        status, body = self._get(f"/api/v1/{path}?{urlencode(parameters)}")
        answer = json.loads(body)
        assert (status, answer["status"]) == (200, "success"), answer
        return answer["data"]

    def rule_errors(self) -> list[str]:
        """Return what is wrong with the rules that it has judged."""
        groups = json.loads(self._get("/api/v1/rules")[1])["data"]["groups"]
        rules = (rule for group in groups for rule in group["rules"])
        return [f"{each['name']}: {each['lastError']}" for each in rules if each["health"] == "err"]

    def firing(self) -> list[str]:
        """Return the names of the alerts that fire."""
        alerts = json.loads(self._get("/api/v1/alerts")[1])["data"]["alerts"]
        return sorted(each["labels"]["alertname"] for each in alerts if each["state"] == "firing")

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
