"""What is wrong: the place of the event-time engine. Pure, like `devices` below it."""
