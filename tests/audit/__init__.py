"""Whether a package that Gridwatch is built with has a known vulnerability."""
