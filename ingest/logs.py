"""Logs: lines for people, or JSON objects for machines, on standard error."""

import json
import logging

from devices.instant import iso_of
from ingest.printable import printable
from ingest.settings import LogSettings


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": iso_of(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = iso_of(int(record.created * 1000))
        line = f"{at} {record.levelname.lower():7} {printable(record.getMessage())}"
        if record.exc_info:
            line += "\n" + printable(self.formatException(record.exc_info), kept="\n")
        return line


def set_up_logs(settings: LogSettings) -> None:
    """Send all records of the process to standard error in the chosen form.

    A record is one line: a broker or a database whose words it repeats can't begin another.
    """
    output = logging.StreamHandler()
    output.setFormatter(_JsonFormatter() if settings.format == "json" else _TextFormatter())
    logging.basicConfig(level=settings.level.upper(), handlers=[output], force=True)
