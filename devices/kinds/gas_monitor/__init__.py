"""Gas monitors of septic tanks and sewers."""
