"""A door controller that is not heard any more."""
