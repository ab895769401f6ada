"""EMBEDDINGS -> PLACES ON A PLANE, to look at."""
