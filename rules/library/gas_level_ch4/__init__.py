"""Methane level in a tank or sewer."""
