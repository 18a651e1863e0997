"""Measuring: how good retrieval, refusal and answers are, on collections and on own documents."""
