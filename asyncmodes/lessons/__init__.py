"""Lessons as data: a question before each run, the run that answers it, and why."""
