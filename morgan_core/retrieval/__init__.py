"""Search, fusion, grounding: from a question to passages, and from an answer back to them."""
