"""Carbon monoxide level in a tank or sewer."""
