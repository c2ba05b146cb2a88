"""Leases of a dwelling: told before they end, and at the end the doors no longer open."""
