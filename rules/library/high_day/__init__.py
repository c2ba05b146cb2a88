"""More water in a day than a home uses."""
