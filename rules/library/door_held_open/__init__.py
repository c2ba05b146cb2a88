"""A door that stands open."""
