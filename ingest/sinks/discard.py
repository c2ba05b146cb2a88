"""The sink that drops everything, to measure the path up to it."""

from collections.abc import Sequence

from ingest.sink import Delivery, Rejected


class DiscardSink:
    """Takes every batch and keeps nothing."""

    async def write(self, batch: Sequence[Delivery]) -> Sequence[Rejected]:  # noqa: ARG002
        """Reject nothing."""
        return ()

    async def close(self) -> None:
        """Have nothing to give back."""
