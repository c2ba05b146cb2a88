"""Hydrogen sulphide level in a tank or sewer."""
