"""Somebody opens a door under threat and says so in secret."""
