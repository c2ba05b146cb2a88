"""The proof that every acknowledged reading lands exactly once, whatever is killed meanwhile."""
