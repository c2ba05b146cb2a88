"""Credentials refused again and again."""
