"""A gas that rises fast."""
