"""A gas monitor that is not heard any more."""
