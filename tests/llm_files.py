"""Small GGUF files, written by the tests."""

from __future__ import annotations

import struct


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(architecture: str = "llama", weights: bytes = b"\0" * 64) -> bytes:
    """A GGUF with the metadata of a language model, and no usable weights."""
    arch = architecture or "none"
    keys = {
        "general.architecture": architecture,
        "general.name": "Test",
        f"{arch}.block_count": 2,
        f"{arch}.context_length": 2048,
        f"{arch}.embedding_length": 64,
        f"{arch}.attention.head_count": 4,
        f"{arch}.attention.head_count_kv": 2,
        "tokenizer.ggml.model": "gpt2",
    }
    body = b""
    for key, value in keys.items():
        body += _string(key)
        if isinstance(value, int):
            body += struct.pack("<II", 4, value)
        else:
            body += struct.pack("<I", 8) + _string(value)
    tokens = b"".join(_string(t) for t in ("a", "b", "c"))
    body += _string("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 3) + tokens
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(keys) + 1) + body + weights
