"""A water meter that is not heard any more."""
