"""`python -m tests.fuzz [--seconds N] [--kind NAME] [--seed N]`: fuzz each target for so long.

Exit code 1 if anything was found. What is kept between runs lies in `.run/fuzz`.
"""

import argparse
import sys
from pathlib import Path

from tests.fuzz.run import Run, run
from tests.fuzz.targets import targets

FOLDER = Path(".run/fuzz")
_LONGEST_S = 86_400


def main() -> None:
    """Fuzz, tell, and end with the code."""
    arguments = _arguments()
    found = 0
    for target in targets().values():
        if arguments.kind in (None, target.name):
            done = run(target, FOLDER, Run(arguments.seconds, arguments.seed))
            found += len(done.findings)
            sys.stdout.write("".join(f"{line}\n" for line in done.lines))
            sys.stdout.flush()
    sys.exit(bool(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=_seconds, default=30, help="for each target")
    parser.add_argument("--kind", choices=sorted(targets()), help="only this target")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer's chance")
    return parser.parse_args()


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"expected 1 to {_LONGEST_S}")
    return seconds


if __name__ == "__main__":
    main()
