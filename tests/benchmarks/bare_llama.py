"""The least that generates text with llama.cpp: load, read the prompt, sample, decode."""

from __future__ import annotations

import ctypes
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.model_file import CONTEXT, threads

BATCH = 64


class BareLlama:
    """Greedy generation with llama.cpp's C functions and nothing around them."""

    def __init__(self, path: Path) -> None:
        import llama_cpp.llama_cpp as c

        self.c: Any = c
        self._log = c.llama_log_callback(lambda level, text, data: None)
        c.llama_log_set(self._log, ctypes.c_void_p(0))
        c.llama_backend_init()
        self.model = c.llama_model_load_from_file(
            str(path).encode(), c.llama_model_default_params()
        )
        params = c.llama_context_default_params()
        params.n_ctx = CONTEXT
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = threads()
        params.no_perf = True
        self.ctx = c.llama_init_from_model(self.model, params)
        self.vocab = c.llama_model_get_vocab(self.model)
        self.sampler = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        c.llama_sampler_chain_add(self.sampler, c.llama_sampler_init_greedy())

    def tokenise(self, text: str) -> list[int]:
        data = text.encode()
        buffer = (ctypes.c_int32 * (len(data) + 16))()
        count = self.c.llama_tokenize(self.vocab, data, len(data), buffer, len(buffer), True, True)
        return buffer[:count]

    def generate(
        self, prompt: str, *, most: int, seconds: float | None = None
    ) -> tuple[int, float]:
        """Write at most ``most`` tokens, for at most ``seconds``.

        Returns how many were written after the first, and the seconds that they took.
        """
        c = self.c
        c.llama_memory_clear(c.llama_get_memory(self.ctx), True)
        tokens = self.tokenise(prompt)
        for at in range(0, len(tokens), BATCH):
            self._decode(tokens[at : at + BATCH])
        token = c.llama_sampler_sample(self.sampler, self.ctx, -1)
        began = time.perf_counter()
        deadline = began + seconds if seconds else None
        written = 0
        piece = ctypes.create_string_buffer(64)
        while written + 1 < most:
            c.llama_token_to_piece(self.vocab, token, piece, len(piece), 0, False)
            self._decode([token])
            token = c.llama_sampler_sample(self.sampler, self.ctx, -1)
            if c.llama_vocab_is_eog(self.vocab, token):
                break
            written += 1
            if deadline and time.perf_counter() >= deadline:
                break
        return written, time.perf_counter() - began

    def free(self) -> None:
        self.c.llama_sampler_free(self.sampler)
        self.c.llama_free(self.ctx)
        self.c.llama_model_free(self.model)

    def _decode(self, tokens: list[int]) -> None:
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        status = self.c.llama_decode(self.ctx, self.c.llama_batch_get_one(array, len(tokens)))
        if status:
            raise RuntimeError(f"llama_decode returned {status}")
