"""`python -m tests.audit [--required]`: look up every pinned package, within a minute.

Exit code 1 for a finding. Without the network it says that nothing was audited, and ends with 0
unless the audit is required.
"""

import sys
from pathlib import Path

from tests.audit.verdict import audited

_PINNED = Path(__file__).parents[2] / "constraints.txt"
_LIMIT_S = 60.0
COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--requirement", str(_PINNED), "--no-deps"),
    *("--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json"),
)


def main() -> None:
    """Audit, tell, and end with the code."""
    verdict = audited(COMMAND, _LIMIT_S)
    sys.stdout.write("".join(f"{line}\n" for line in verdict.lines))
    required = "--required" in sys.argv[1:]
    sys.exit(verdict.failed or (required and not verdict.complete))


if __name__ == "__main__":
    main()
