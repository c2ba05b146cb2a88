"""Explanations: evidence put into words, in Chinese and English."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import NamedTuple

from devices.instant import Instant, datetime_of
from rules.chinese import in_chinese, in_english
from rules.finding import Evidence

_ZONE = timezone(timedelta(hours=8))
"""Beijing time, the one of all China (GB/T 7408 writes it +08:00)."""

_LARGE = 100_000
"""From here on a number is shown without decimals: six digits of a counter in L would be a lie."""


class Text(NamedTuple):
    """The same in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Template:
    """Two texts with the names of evidence in braces; one ending in `_at` is shown as local time.

    Words and sources of evidence are shown in the language of the text. `otherwise` is for evidence
    that lacks one of the names.
    """

    zh: str
    en: str
    otherwise: "Template | None" = None

    def text(self, evidence: Evidence, start: Instant) -> Text:
        """Return the texts of an alert that began at `start`; KeyError if evidence is missing."""
        known: Evidence = {**evidence, "start_at": start}
        zh = {name: _shown(name, value, in_chinese, "无") for name, value in known.items()}
        en = {name: _shown(name, value, in_english, "none") for name, value in known.items()}
        try:
            return Text(self.zh.format_map(zh), self.en.format_map(en))
        except KeyError:
            if self.otherwise is None:
                raise
            return self.otherwise.text(evidence, start)


def _shown(name: str, value: object, worded: Callable[[str], str], nothing: str) -> str:
    if name.endswith("_at") and isinstance(value, int):
        return datetime_of(value).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < _LARGE else f"{value:.0f}"
    return nothing if value is None else worded(str(value))
