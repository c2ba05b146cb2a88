"""The journal: the durable record of what was received, and the embedded store of readings."""
