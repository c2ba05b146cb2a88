"""The battery of a water meter runs out."""
