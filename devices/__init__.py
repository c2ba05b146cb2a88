"""What devices measure and how they say it: readings, units, kinds with their decoders, models."""
