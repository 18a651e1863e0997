"""Morgan's faces for people: the terminal app and the shell commands."""
