"""Simulator models: pure, seeded, driven by instants they are given."""
