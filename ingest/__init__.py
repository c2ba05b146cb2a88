"""The edge: sockets, tasks, files and the clock around the pure packages below."""
