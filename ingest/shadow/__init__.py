"""The shadow: other limits tried beside those in force, on what really comes in, told to nobody."""
