"""ITEMS -> THE PAIRS WORTH A LABEL, and people's answers -> a table of pairs to learn from."""
