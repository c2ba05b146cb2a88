"""The kind `soak_gauge`, a plug-in whose decoder has a defect; copied to the other kinds."""
