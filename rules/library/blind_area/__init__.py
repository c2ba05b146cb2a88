"""Many devices of one area that fell silent together."""
