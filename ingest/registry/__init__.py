"""The registry: areas, dwellings, devices, and what holds there; imported whole or not at all."""

from ingest.registry.placed import COLUMNS, Placed, import_registry, read_registry
from ingest.registry.refusal import RegistryError

__all__ = ["COLUMNS", "Placed", "RegistryError", "import_registry", "read_registry"]
