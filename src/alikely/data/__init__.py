"""Raw items -> examples -> batches."""
