"""A door controller somebody tampers with."""
