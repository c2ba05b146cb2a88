"""The Alertmanager of `deploy/`, as it is but for the addresses of those it tells."""

import http.client
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingest.demo.programs import LOOPBACK, Alertmanager
from tests.deploy.files import ROOT
from tests.outlets.hook import until

FOLDER = ROOT / "deploy" / "alertmanager"
FILE = FOLDER / "alertmanager.yml"
_HOOKS = "http://127.0.0.1:9099/"
_MAIL = "127.0.0.1:25"
_LAST = {"alertname": "posted_last"}


class Deployed(Alertmanager):
    """Tells web hooks below `hooks`, and by mail nobody but this port."""

    def __init__(self, folder: Path, hooks: str = _HOOKS, mail_port: int = 9) -> None:
        super().__init__(folder)
        self._hooks = hooks
        self._mail = f"{LOOPBACK}:{mail_port}"

    def configuration(self) -> str:
        text = FILE.read_text(encoding="utf-8")
        for here, there in (
            (_HOOKS, self._hooks),
            (_MAIL, self._mail),
            ("templates/*.tmpl", str(FOLDER / "templates" / "*.tmpl")),
        ):
            assert here in text
            text = text.replace(here, there)
        return text


def post(server: Alertmanager, alerts: Sequence[Mapping[str, str]]) -> None:
    """Let alerts with these labels fire."""
    body = json.dumps([{"labels": labels} for labels in alerts])
    headers = {"Content-Type": "application/json"}
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=10)
    try:
        connection.request("POST", "/api/v2/alerts", body, headers)
        assert connection.getresponse().status == 200
    finally:
        connection.close()


async def told(server: Alertmanager) -> set[tuple[str, str]]:
    """Return name and severity of what fires and is not inhibited, once all posted is judged.

    Alertmanager judges in the order of posting, a moment after its answer: a pair of alerts whose
    second inhibits its first is posted last and waited for, for 30 s at most.
    """
    post(server, [_LAST | {"severity": "notice"}, _LAST | {"severity": "warning"}])
    await until(lambda: (_LAST["alertname"], "notice") not in _uninhibited(server))
    return _uninhibited(server) - {(_LAST["alertname"], "warning")}


def _uninhibited(server: Alertmanager) -> set[tuple[str, str]]:
    connection = http.client.HTTPConnection(LOOPBACK, server.port, timeout=10)
    try:
        connection.request("GET", "/api/v2/alerts?inhibited=false")
        alerts = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return {(each["labels"]["alertname"], each["labels"]["severity"]) for each in alerts}
