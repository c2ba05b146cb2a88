"""What people do with rules outside the service: read of them, test them, try them on the past."""
