"""The image and the stack of `deploy/` in real containers: `make container-check` alone runs it."""
