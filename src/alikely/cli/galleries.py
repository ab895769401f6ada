"""alikely gallery ..."""
