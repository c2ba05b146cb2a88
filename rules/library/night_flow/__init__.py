"""Water that runs while people sleep."""
