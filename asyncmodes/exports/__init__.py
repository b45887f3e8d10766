"""One file a format, each a function of a Comparison."""
