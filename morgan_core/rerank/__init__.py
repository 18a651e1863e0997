"""Rerankers: a query and each of the best passages, read together."""
