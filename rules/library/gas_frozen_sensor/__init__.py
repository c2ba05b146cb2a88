"""A sensor that shows one value while the world moves."""
