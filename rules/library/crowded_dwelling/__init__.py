"""A dwelling in which more people live than there is room for."""
