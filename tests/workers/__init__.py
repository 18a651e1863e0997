"""Small modules that tests run in child processes."""
