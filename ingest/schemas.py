"""Writes the JSON Schemas of what devices send, and of alerts on MQTT, into a folder."""

import sys
from pathlib import Path

from devices.catalogue import catalogue
from devices.schema import schema_text
from ingest.outlets.message import message_schema_text


def write_schemas(folder: Path) -> None:
    """Write `<kind>.schema.json` for every kind, and `alert.schema.json`.

    OSError if the folder takes no files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for kind in catalogue().values():
        text = schema_text(kind)
        (folder / f"{kind.name}.schema.json").write_text(text, encoding="utf-8")
    (folder / "alert.schema.json").write_text(message_schema_text(), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
