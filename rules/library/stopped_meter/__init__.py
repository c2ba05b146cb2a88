"""A counter that stands although water runs."""
