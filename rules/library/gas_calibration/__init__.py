"""A monitor whose calibration is overdue."""
