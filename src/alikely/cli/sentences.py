"""alikely sentences ..."""
