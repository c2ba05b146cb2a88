"""Simulated and recorded devices at a real broker: clients, pace, files; the models are pure."""
