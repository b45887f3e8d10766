"""One test for each row of the list of bad input; `rows.py` says which."""
