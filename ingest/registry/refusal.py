"""Why files were not imported: every fault with its place, up to a bound."""

_MOST_TOLD = 20


class RegistryError(Exception):
    """Nothing was imported; each line of the text says where and what was expected."""


class Complaints:
    """Collects faults. A text never repeats what stands in a file: it may be personal."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def add(self, where: str, fault: str) -> None:
        """Take note of a fault."""
        self._count += 1
        if self._count <= _MOST_TOLD:
            self._told.append(f"{where}: {fault}")

    def raise_any(self) -> None:
        """Raise RegistryError if there were any."""
        more = self._count - len(self._told)
        if self._told:
            raise RegistryError("\n".join([*self._told, *([f"and {more} more"] if more else [])]))
