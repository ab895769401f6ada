"""alikely anomaly ..."""
