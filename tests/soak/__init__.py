"""The soak: the whole stack, faults at random, and a ledger of what became of all of it."""
