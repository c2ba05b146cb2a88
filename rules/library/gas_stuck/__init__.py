"""A sensor at its end stop, or below its zero."""
