"""A counter that does not go on from where it stood."""
