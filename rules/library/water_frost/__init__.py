"""Water near freezing in a meter."""
