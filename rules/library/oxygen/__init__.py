"""Too little or too much oxygen in a tank or sewer."""
