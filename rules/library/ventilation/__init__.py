"""Ventilation of a tank: the fan is started, proven to run, and stopped when the air is good."""
