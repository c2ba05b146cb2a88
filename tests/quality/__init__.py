"""How well the water rules find leaks put into real meters' readings, and how often they cry."""
