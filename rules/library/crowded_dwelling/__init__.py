"""A dwelling in which unusually many people live or stay."""
