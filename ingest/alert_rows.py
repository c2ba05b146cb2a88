"""Alerts as rows of the journal: with their explanation, as it was when they were told."""

from collections.abc import Iterable, Mapping

from pydantic_core import to_json

from ingest.areas import path_of
from ingest.journal.consequences import ChangeRow, StateRow
from rules.effect import AlertChange
from rules.explanation import Text
from rules.lifecycle import Transition
from rules.rule import AlertRule
from rules.store import Outcome

_OVER = {
    Transition.CLEARED: Text("已恢复正常，待人工复位。此前：", "Over, to be reset. Before: "),
    Transition.RESOLVED: Text("已结束。此前：", "Over. Before: "),
}
"""What comes before the words of an alert whose values are past."""
_GOES_ON = Text("", "")


def state_rows(outcome: Outcome) -> list[StateRow]:
    """Return the states that changed."""
    return [
        (scope, id_, state, deadline) for (scope, id_), (state, deadline) in outcome.states.items()
    ]


def change_row(change: AlertChange, text: Text, places: Iterable[str] = ()) -> ChangeRow:
    """Return a transition with its explanation, and where its subject stands."""
    return ChangeRow(
        identity=change.identity,
        alert=change.alert,
        rule=change.rule,
        scope=change.subject.scope,
        subject=change.subject.id,
        start_at=change.start,
        transition=change.transition,
        severity=int(change.severity),
        at=change.at,
        told_at=change.told_at,
        suppressed=change.suppressed,
        evidence=to_json(change.evidence).decode(),
        text_zh=text.zh,
        text_en=text.en,
        areas=path_of(places),
    )


def explained(change: AlertChange, rules: Mapping[str, AlertRule]) -> Text:
    """Return the explanation; KeyError if the rule is gone or its evidence does not suffice."""
    text = rules[change.rule].explanation.text(change.evidence, change.start)
    over = _OVER.get(change.transition, _GOES_ON)
    return Text(f"{over.zh}{text.zh}", f"{over.en}{text.en}")


def titled(change: AlertChange, rules: Mapping[str, AlertRule]) -> Text:
    """Return what can be said without evidence."""
    return title_of(change.rule, rules)


def title_of(name: str, rules: Mapping[str, AlertRule]) -> Text:
    """Return the title of a rule; its name if no rule of this release is called so."""
    rule = rules.get(name)
    return Text(rule.title_zh, rule.title) if rule else Text(name, name)
