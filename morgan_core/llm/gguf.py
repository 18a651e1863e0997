"""The header of a GGUF file, read without llama.cpp.

Tells a model from another file, and what it will need, before anything is loaded. Format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from morgan_core.errors import ModelError
from morgan_core.types import Record

MAGIC = b"GGUF"
_FIXED = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_MAX_KEYS = 65536
_MAX_STRING = 16 * 1024 * 1024
_KV_BYTES = 2  # one float16 per element of K and of V


class GGUFHeader(Record, frozen=True):
    """What the metadata says. ``size`` is the file's, in bytes; ``context`` in tokens."""

    architecture: str
    name: str
    size: int
    context: int
    layers: int
    embedding: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    licence: str
    has_template: bool

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of KV cache per token of context, K and V in float16, all layers."""
        return 2 * self.layers * self.kv_heads * self.head_size * _KV_BYTES

    def memory(self, context: int) -> int:
        """Bytes needed to run with ``context`` tokens: weights, KV cache, and an allowance
        for the compute buffers (logits of one batch dominate, measured 25–90 MB)."""
        buffers = 64 * 1024**2 + 64 * 4 * self.vocabulary
        return self.size + self.kv_bytes_per_token * context + buffers


def read_header(path: Path) -> GGUFHeader:
    """Read the metadata of ``path``. Raises ModelError when it is no usable GGUF model."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            meta = _Reader(file, size, path).metadata()
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror or error}.",
            mend="Check the path and its permissions.",
        ) from error
    return _header(meta, size, path)


def _header(meta: dict[str, Any], size: int, path: Path) -> GGUFHeader:
    architecture = str(meta.get("general.architecture", ""))

    def number(key: str, default: int = 0) -> int:
        value = meta.get(f"{architecture}.{key}", default)
        if isinstance(value, list):  # per layer, in some hybrid models
            value = max((v for v in value if isinstance(v, int)), default=default)
        return int(value) if isinstance(value, (int, float)) else default

    layers, embedding = number("block_count"), number("embedding_length")
    heads = number("attention.head_count", 1) or 1
    if not architecture or not layers or "tokenizer.ggml.model" not in meta:
        raise ModelError(
            f"{path} is a GGUF file, but not of a language model.",
            mend="Choose a GGUF of a chat (instruct) model.",
        )
    return GGUFHeader(
        architecture=architecture,
        name=str(meta.get("general.name", "")),
        size=size,
        context=number("context_length"),
        layers=layers,
        embedding=embedding,
        heads=heads,
        kv_heads=number("attention.head_count_kv", heads) or heads,
        head_size=number("attention.key_length") or embedding // heads,
        vocabulary=int(meta.get("tokenizer.ggml.tokens", 0)),
        licence=str(meta.get("general.license", "")),
        has_template="tokenizer.chat_template" in meta,
    )


class _Reader:
    """Reads the key-value part. Long arrays are counted and skipped, not kept."""

    def __init__(self, file: BinaryIO, size: int, path: Path) -> None:
        self._file, self._size, self._path = file, size, path

    def metadata(self) -> dict[str, Any]:
        if self._file.read(4) != MAGIC:
            raise ModelError(
                f"{self._path} is not a GGUF file.", mend="Choose a file in the GGUF format."
            )
        version = self._number("I")
        if version not in (2, 3):
            raise self._damaged(f"its format version is {version}, not 2 or 3")
        self._number("Q")  # tensors
        keys = self._number("Q")
        if keys > _MAX_KEYS:
            raise self._damaged(f"it claims {keys} metadata keys")
        meta: dict[str, Any] = {}
        for _ in range(keys):
            key = self._string()
            meta[key] = self._value(self._number("I"))
        return meta

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array()
        return self._number(self._code(kind))

    def _array(self) -> Any:
        """Short arrays of numbers as a list, every other array as its length."""
        kind, count = self._number("I"), self._number("Q")
        if kind == _STRING:
            if count > self._size:
                raise self._damaged(f"it claims an array of {count} strings")
            for _ in range(count):
                self._skip(self._number("Q"))
            return count
        if kind == _ARRAY:
            raise self._damaged("it holds nested arrays")
        code = self._code(kind)
        if count <= 1024:
            return [self._number(code) for _ in range(count)]
        self._skip(count * struct.calcsize("<" + code))
        return count

    def _code(self, kind: int) -> str:
        code = _FIXED.get(kind)
        if code is None:
            raise self._damaged(f"it uses the unknown value type {kind}")
        return code

    def _number(self, code: str) -> Any:
        form = "<" + code
        return struct.unpack(form, self._bytes(struct.calcsize(form)))[0]

    def _string(self) -> str:
        length = self._number("Q")
        if length > _MAX_STRING:
            raise self._damaged(f"it claims a string of {length} bytes")
        return self._bytes(length).decode("utf-8", "replace")

    def _bytes(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._damaged("it ends within its metadata")
        return data

    def _skip(self, count: int) -> None:
        if self._file.tell() + count > self._size:
            raise self._damaged("it ends within its metadata")
        self._file.seek(count, 1)

    def _damaged(self, why: str) -> ModelError:
        return ModelError(
            f"The model file {self._path} is damaged: {why}.", mend="Download it again."
        )
