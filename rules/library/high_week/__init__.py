"""Much water in seven days, none of which stands out."""
