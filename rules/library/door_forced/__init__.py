"""A door opened by force."""
