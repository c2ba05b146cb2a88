"""Door and water of a person in care are silent together."""
