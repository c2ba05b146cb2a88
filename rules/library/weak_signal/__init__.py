"""A device that the cell hardly hears."""
