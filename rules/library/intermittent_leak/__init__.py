"""Water that comes back at intervals, day and night."""
