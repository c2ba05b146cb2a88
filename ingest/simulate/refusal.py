"""Why a run of simulated devices does not start."""

from pathlib import Path


class InputError(Exception):
    """A file or option that can't be used; the text says what, where and what was expected."""


def unreadable(path: Path, error: Exception) -> InputError:
    """Return the refusal of a file whose reading failed with the error."""
    if isinstance(error, UnicodeDecodeError):
        return InputError(f"{path}: can't read: expected text in UTF-8")
    why = isinstance(error, OSError) and error.strerror
    return InputError(f"{path}: can't read: {why or error}")
