"""How fast the path is, as ratios against a null consumer on the same broker in the same run."""
