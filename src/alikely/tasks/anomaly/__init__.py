"""NORMAL ITEMS -> what is not normal, at a false-alarm rate that is kept, and why."""
