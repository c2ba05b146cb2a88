"""Outlets: where alerts go besides the journal."""
