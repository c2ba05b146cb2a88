"""The files that a simulation leaves: ground truth and a registry to import."""

import json
import os
import tempfile
from pathlib import Path

from devices.instant import iso_of
from devices.models.truth import Truth, TruthRecord
from ingest.simulate.refusal import InputError


def truth_lines(truth: Truth) -> str:
    """Return the truth as JSON lines: one per injected incident, and one of network faults."""
    lines = [_record(record) for record in truth.injected]
    lines.append({"what": "network_faults", **truth.network_faults})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def write_whole(path: Path, text: str) -> None:
    """Write the file, of mode 0600, as a whole or not at all; InputError if it can't be."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise InputError(f"{path}: can't write: {error.strerror}") from None


def _record(record: TruthRecord) -> dict[str, object]:
    end_at = None if record.end_at is None else iso_of(record.end_at)
    return record._asdict() | {"start_at": iso_of(record.start_at), "end_at": end_at}
