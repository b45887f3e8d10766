"""Runs and comparisons as pictures: pure functions of the record; nothing here prints or sleeps."""
