"""Conditions that rules are made of: one small file each."""
