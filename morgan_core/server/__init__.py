"""The HTTP application: the same on the owner's socket and on TCP."""
