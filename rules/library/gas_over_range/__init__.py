"""A monitor under water."""
