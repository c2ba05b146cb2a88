"""More water in a day than this home uses on such days."""
