"""A dwelling whose door opens unusually often."""
