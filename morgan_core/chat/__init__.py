"""Conversations and turns: what is asked, what is put before the model, what comes back."""
