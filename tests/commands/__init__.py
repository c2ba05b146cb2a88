"""Commands: their outbox, what devices answer, and people who take over."""
