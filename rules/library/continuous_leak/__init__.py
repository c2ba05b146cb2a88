"""Water that runs without a pause."""
