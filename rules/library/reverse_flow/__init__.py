"""Water that runs back through a meter."""
