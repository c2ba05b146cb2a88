"""The catalogue: every device kind there is, found by looking into `devices/kinds`."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from devices import kinds
from devices.kind import DeviceKind


@cache
def catalogue() -> Mapping[str, DeviceKind]:
    """Return the kinds by name. A folder of `devices/kinds` holds one, as `KIND` in `kind.py`."""
    found = (
        import_module(f"{kinds.__name__}.{folder.name}.kind").KIND
        for folder in pkgutil.iter_modules(kinds.__path__)
        if folder.ispkg
    )
    return MappingProxyType({kind.name: kind for kind in found})
