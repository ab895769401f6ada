"""ITEMS -> pairs and groups of near-duplicates, at a calibrated rate."""
