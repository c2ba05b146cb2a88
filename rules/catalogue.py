"""The catalogue: every rule and sequence there is, found by looking into `rules/library`."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from rules import library
from rules.rule import AlertRule
from rules.sequence import SequenceRule


@cache
def _folders() -> Mapping[str, AlertRule | SequenceRule]:
    """Return what each folder of `rules/library` holds, as `RULE` in `rule.py`."""
    return {
        folder.name: import_module(f"{library.__name__}.{folder.name}.rule").RULE
        for folder in pkgutil.iter_modules(library.__path__)
        if folder.ispkg
    }


@cache
def catalogue() -> Mapping[str, AlertRule]:
    """Return, by name, the rules that judge by themselves."""
    found = (rule for rule in _folders().values() if isinstance(rule, AlertRule))
    return MappingProxyType({rule.name: rule for rule in found})


@cache
def sequences() -> Mapping[str, SequenceRule]:
    """Return, by name, the sequences, which order and verify."""
    found = (rule for rule in _folders().values() if isinstance(rule, SequenceRule))
    return MappingProxyType({rule.name: rule for rule in found})


@cache
def alert_rules() -> Mapping[str, AlertRule]:
    """Return, by name, all that people may be told of: the rules, and the alerts of sequences."""
    told = {alert.name: alert for rule in sequences().values() for alert in rule.alerts}
    return MappingProxyType({**catalogue(), **told})


@cache
def homes() -> Mapping[str, str]:
    """Return, by the name of a rule, a sequence or its alert, the folder it is found in."""
    found = {rule.name: folder for folder, rule in _folders().items()}
    for rule in sequences().values():
        found.update((alert.name, found[rule.name]) for alert in rule.alerts)
    return MappingProxyType(found)
