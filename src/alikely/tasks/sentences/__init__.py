"""TEXTS -> answers that are known, paraphrases, groups of one meaning."""
