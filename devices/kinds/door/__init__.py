"""Smart-door controllers."""
