"""The real pip-audit, asking an advisory service on loopback that knows of one planted hole."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.audit.__main__ import COMMAND
from tests.audit.verdict import audited

pytest.importorskip("pip_audit")
HOLE = {
    "id": "PYSEC-0000-1",
    "details": "planted",
    "published": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "yarl", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999.0"}]}],
        }
    ],
}


class _Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [HOLE]} if asked["package"]["name"] == "yarl" else {}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_known_hole_in_a_pinned_package_fails_the_check(service: str) -> None:
    verdict = audited((*COMMAND, "--vulnerability-service", "osv", "--osv-url", service), 60)

    assert verdict.failed
    assert verdict.complete
    assert verdict.lines[0].startswith("yarl ")
    assert verdict.lines[0].endswith(": PYSEC-0000-1, mended in 999.0")
