"""Water that flows into a zone and reaches no home."""
