"""The rule library: one folder a rule."""
