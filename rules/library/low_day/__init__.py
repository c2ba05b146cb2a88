"""Hardly any water in a day."""
