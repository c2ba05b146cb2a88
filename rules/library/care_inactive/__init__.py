"""Nobody opens the door of a person in care."""
