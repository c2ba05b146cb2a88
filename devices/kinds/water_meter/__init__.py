"""NB-IoT water meters."""
