"""`python -m ingest`: the command `gridwatch` where the script is not on the path."""

from ingest.cli import main

main()
