"""Caches: memory in front, disk behind. Nothing in them is needed; everything can be made anew."""
