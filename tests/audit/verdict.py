"""What comes of an audit: findings fail, and what could not be audited is said and does not.

pip-audit says "no known vulnerabilities" of packages that it could not look up as well, and ends
with code 1 where the network is missing, as it does with a finding. So its JSON is read, and where
there is none, which kind of error it ended with.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_UNREACHED = re.compile(
    r"(?:requests|urllib3)\.exceptions\.\w+|interface\.\w*Error|your network may be blocking"
)
"""How pip-audit ends without the network: by an error of its HTTP library, its own, or its tip."""


class Verdict(NamedTuple):
    """What to tell, whether all packages were looked up, and whether the check has failed."""

    lines: Sequence[str]
    complete: bool
    failed: bool


def audited(command: Sequence[str], limit_s: float) -> Verdict:
    """Run pip-audit within the limit and return what came of it."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        return _not_audited(f"no answer of the advisory service in {limit_s:g} s")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _without_answer(done.stderr)
    return _told(packages)


def _told(packages: Sequence[dict[str, object]]) -> Verdict:
    skipped = [str(each["name"]) for each in packages if "skip_reason" in each]
    findings = [line for each in packages for line in _findings(each)]
    looked_up = len(packages) - len(skipped)
    if not looked_up:
        return _not_audited(f"the advisory service knows none of {len(packages)} packages")
    lines = [*findings, f"{looked_up} packages audited, {len(findings)} findings"]
    if skipped:
        lines.append(f"NOT AUDITED, unknown to the advisory service: {', '.join(skipped)}")
    return Verdict(lines, complete=not skipped, failed=bool(findings))


def _findings(package: dict[str, object]) -> Iterator[str]:
    found = package.get("vulns", [])
    for each in found if isinstance(found, list) else []:
        mended = ", ".join(each["fix_versions"]) or "no release"
        yield f"{package['name']} {package['version']}: {each['id']}, mended in {mended}"


def _without_answer(errors: str) -> Verdict:
    last = next(iter(errors.strip().splitlines()[-1:]), "")
    unreached = _UNREACHED.search(last)
    if unreached:
        return _not_audited(f"the advisory service can't be reached: {unreached[0]}")
    return Verdict([f"pip-audit failed: {last}"], complete=False, failed=True)


def _not_audited(why: str) -> Verdict:
    return Verdict([f"DEPENDENCIES NOT AUDITED: {why}"], complete=False, failed=False)
