"""A sensor whose value leaps."""
