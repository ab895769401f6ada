"""One package for each use; none of them knows another."""
