"""One by one, all at once, or five at a time? Run the same tasks in several async modes and see what happened."""

__version__ = "0.1.0"
