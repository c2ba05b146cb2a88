"""A finding fails the check; a machine without the network is told what was not done."""

import json
import sys
from typing import NamedTuple

import pytest

from tests.audit.verdict import Verdict, audited

GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {
    "name": "bad",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["2.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found and could not be audited"}
UNREACHED = "requests.exceptions.ProxyError: HTTPSConnectionPool(host='x', port=443): no"
BLOCKED = "ERROR:pip_audit._cli:Tip: your network may be blocking this service."
REFUSED = "pip_audit._service.interface.ServiceError: status 503"


class Said(NamedTuple):
    """What a program in the place of pip-audit prints, and how it ends."""

    packages: list[object] | None
    errors: str = ""
    code: int = 0

    def verdict(self) -> Verdict:
        document = {"dependencies": self.packages, "fixes": []}
        output = "" if self.packages is None else json.dumps(document)
        script = f"import sys; print({output!r}); sys.stderr.write({self.errors!r})"
        return audited((sys.executable, "-c", f"{script}; sys.exit({self.code})"), 30)


@pytest.mark.parametrize(
    ("said", "told", "complete", "failed"),
    [
        (Said([GOOD]), "1 packages audited, 0 findings", True, False),
        (Said([GOOD, BAD], code=1), "bad 2.0: PYSEC-0000-1, mended in 2.1", True, True),
        (Said([BAD, UNKNOWN], code=1), "NOT AUDITED, unknown to the adv", False, True),
        (Said([GOOD, UNKNOWN]), "service: unknown", False, False),
        (Said([UNKNOWN]), "NOT AUDITED: the advisory service knows none of 1", False, False),
        (
            Said(None, UNREACHED, 1),
            "can't be reached: requests.exceptions.ProxyError",
            False,
            False,
        ),
        (Said(None, REFUSED, 1), "can't be reached: interface.ServiceError", False, False),
        (Said(None, BLOCKED, 1), "NOT AUDITED: the advisory service can't", False, False),
        (Said(None, "No module named pip_audit", 1), "pip-audit failed: No module", False, True),
        (Said(None, "", 1), "pip-audit failed", False, True),
    ],
)
def test_findings_fail_and_what_was_not_audited_is_said(
    said: Said, told: str, *, complete: bool, failed: bool
) -> None:
    verdict = said.verdict()

    assert told in "\n".join(verdict.lines)
    assert (verdict.complete, verdict.failed) == (complete, failed)


def test_an_audit_that_hangs_is_given_up() -> None:
    verdict = audited((sys.executable, "-c", "import threading; threading.Event().wait()"), 0.5)

    assert verdict == Verdict(
        ["DEPENDENCIES NOT AUDITED: no answer of the advisory service in 0.5 s"],
        complete=False,
        failed=False,
    )
