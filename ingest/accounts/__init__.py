"""Accounts: who may sign in at the broker, and what each may publish and read."""
