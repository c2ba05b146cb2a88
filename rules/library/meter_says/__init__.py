"""What a water meter itself says of the water that runs through it."""
