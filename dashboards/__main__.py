"""`python -m dashboards FOLDER [RUNBOOKS]` writes each dashboard as a file."""

import sys
from pathlib import Path

from dashboards.board import RUNBOOKS
from dashboards.every import every

if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m dashboards FOLDER [URL where the project's files can be read]")
    folder, runbooks = Path(sys.argv[1]), (*sys.argv[2:], RUNBOOKS)[0]
    folder.mkdir(parents=True, exist_ok=True)
    for uid, text in every(runbooks).items():
        (folder / f"{uid}.json").write_text(text, encoding="utf-8")
