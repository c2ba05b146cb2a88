"""Marks: a text field that holds one of some words, such as a status flag."""

from collections.abc import Mapping
from dataclasses import dataclass

from devices.instant import Instant
from devices.reading import Reading
from rules.condition import FOR_EVER, Calm, State, Timeless, Verdict
from rules.finding import Finding, clear, unknown
from rules.severity import Severity


@dataclass(frozen=True, slots=True)
class Marks(Timeless):
    """One of the words in a field of words joined by commas. State: 0, or since when."""

    field: str
    words: Mapping[str, Severity]
    source: str

    def start(self) -> State:
        """Return the state of clear."""
        return 0

    @property
    def calm(self) -> Calm:
        """That of no words."""
        return Calm(texts=((self.field, ""),), stays=True)

    def calm_until(self, state: State, at: Instant) -> Instant:  # noqa: ARG002 at any time
        """Return for ever while nothing is found."""
        return 0 if state else FOR_EVER

    def observe(self, state: State, reading: Reading) -> Verdict:
        """Return the gravest of the words; a reading without the field says nothing."""
        text, at = reading.values.get(self.field), reading.measured_at
        if not isinstance(text, str):
            return state, unknown(at) if state else None
        if not text and not state:
            return 0, None
        words = text.split(",")
        found = [word for word in words if word in self.words]
        if not found:
            return 0, clear(at) if state else None
        since = state or at
        evidence = {"marks": ",".join(found), "limit_from": self.source}
        severity = max(self.words[word] for word in found)
        return since, Finding(severity, at, since, evidence)
