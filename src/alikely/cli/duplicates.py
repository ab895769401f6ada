"""alikely duplicates."""
