"""The catalogue: every rule there is, found by looking into `rules/library`."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from rules import library
from rules.rule import AlertRule


@cache
def catalogue() -> Mapping[str, AlertRule]:
    """Return the rules by name. A folder of `rules/library` holds one, as `RULE` in `rule.py`."""
    found = (
        import_module(f"{library.__name__}.{folder.name}.rule").RULE
        for folder in pkgutil.iter_modules(library.__path__)
        if folder.ispkg
    )
    return MappingProxyType({rule.name: rule for rule in found})
