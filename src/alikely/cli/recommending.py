"""alikely recommend ..."""
