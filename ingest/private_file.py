"""Files that nobody but their owner can read."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> Path:
    """Write a new file of mode 0600 and return its path; OSError if it can't be, or is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
