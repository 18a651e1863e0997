"""Embedders: texts to vectors, in a child process or on a remote host."""
