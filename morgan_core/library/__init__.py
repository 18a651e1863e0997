"""The documents: reading, chunking, ingesting, watching."""
