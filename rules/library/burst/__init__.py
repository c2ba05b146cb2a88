"""Far more water than a home draws."""
