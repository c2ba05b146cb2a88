"""A water meter that somebody tampers with."""
