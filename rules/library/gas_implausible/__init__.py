"""Oxygen and methane that cannot both be true."""
