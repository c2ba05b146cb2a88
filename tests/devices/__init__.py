"""Laws of `devices`."""
