"""What follows a reading: the journal's text, the database's line, the rules and their words."""

from collections.abc import Sequence

from pydantic_core import from_json, to_json

from devices.reading import Reading, Values
from ingest.alert_rows import change_row, explained
from ingest.sink import Delivery
from ingest.sinks.line_protocol import line_of
from rules.bound import Rulebook
from rules.catalogue import alert_rules, catalogue, sequences
from rules.effect import AlertChange
from rules.engine import Engine
from rules.register import TableRegister
from rules.store import NoStore
from tests.fuzz.law import BrokenLawError, held
from tests.sinks.line import parsed

_LARGEST_STATE = 64 * 1024
"""Bytes of what the rules keep of a subject after one message; 550 are usual."""


class Path:
    """The pure steps of the path after decoding. Each message finds rules without a memory."""

    def __init__(self) -> None:
        rulebook = Rulebook(tuple(catalogue().values()), sequences=tuple(sequences().values()))
        self._engine = Engine(rulebook, TableRegister(), NoStore())
        self._rules = alert_rules()

    def follow(self, readings: Sequence[Reading]) -> None:
        """Take the readings of one message along the path; BrokenLawError if one is unfit."""
        for reading in readings:
            stored = from_json(to_json(reading.values))
            held(_typed(stored) == _typed(reading.values), "is not what the journal reads back")
            _, values, measured_at = parsed(line_of(Delivery(1, reading, None)))
            held(_typed(values) == _typed(reading.values), "is not what a database reads back")
            held(measured_at == reading.measured_at, "is of another time in a database")
        self._judge(readings)

    def _judge(self, readings: Sequence[Reading]) -> None:
        try:
            for reading in readings:
                self._engine.observe(reading)
            outcome = self._engine.take()
        finally:
            self._engine.discard()
        for failure in outcome.failures:
            raise BrokenLawError(f"makes rule {failure.rule} raise {failure.error}")
        for state, _ in outcome.states.values():
            held(len(state) <= _LARGEST_STATE, "fills the memory of the rules")
        for effect in outcome.effects:
            if isinstance(effect, AlertChange):
                change_row(effect, explained(effect, self._rules))


def _typed(values: Values) -> dict[str, tuple[type, object]]:
    return {name: (type(value), value) for name, value in values.items()}
