"""A model loaded by llama.cpp with its context: tokens in, tokens out.

Everything but ``tokenise`` belongs to the one thread that loaded it.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from morgan_core.errors import ModelError
from morgan_core.llm.llama_api import llama_api
from morgan_core.llm.offload import Placement
from morgan_core.llm.template import ChatTemplate
from morgan_core.types import Record

SEQUENCES = 1
_SENTENCEPIECE = 1  # enum llama_vocab_type
_UNKNOWN, _CONTROL = 1, 8  # bits of enum llama_token_attr
_ABORTED = 2  # llama_decode


class Sampling(Record, frozen=True):
    """How the next token is chosen. ``temperature`` 0 takes the likeliest; ``seed`` None is
    random. The penalty (llama.cpp's ``repeat_penalty``) looks at generated tokens only."""

    temperature: float = 0.2
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.1
    repeat_last: int = 64
    seed: int | None = None


class Aborted(Exception):
    """``abort()`` was called during a decode."""


class LoadedModel:
    """Weights, context and chat template of one GGUF file."""

    def __init__(
        self,
        path: Path,
        placement: Placement,
        context: int,
        on_progress: Callable[[float], bool] | None = None,
    ) -> None:
        """Load ``path``. ``on_progress`` gets a share of 1 and returns False to stop loading.

        Raises ModelError when llama.cpp refuses the file or lacks memory.
        """
        self.path = path
        self.batch_size = placement.batch
        self.on_gpu = placement.gpu_layers != 0
        self._api = llama_api()
        self._c = self._api.c
        self._pieces: dict[int, bytes | None] = {}
        self._piece_buffer = ctypes.create_string_buffer(1024)
        self._abort_byte = ctypes.create_string_buffer(b"\0", 2)
        self._vocab_lock = threading.Lock()
        self._model: Any = None
        self._ctx: Any = None
        self._batch: Any = None
        try:
            self._load(placement, on_progress)
            self._create_context(placement, context)
            self._vocab = self._c.llama_model_get_vocab(self._model)
            self.context_tokens = int(self._c.llama_n_ctx_seq(self._ctx))
            self.sentencepiece = self._c.llama_vocab_type(self._vocab) == _SENTENCEPIECE
            self.template = self._read_template()
        except BaseException:
            self.free()
            raise

    def free(self) -> None:
        """Give the memory back. Safe to call twice."""
        with self._vocab_lock:
            if self._batch is not None:
                self._c.llama_batch_free(self._batch)
            if self._ctx is not None:
                self._c.llama_free(self._ctx)
            if self._model is not None:
                self._c.llama_model_free(self._model)
            self._batch = self._ctx = self._model = None

    def tokenise(self, text: str, first: bool = True) -> list[int]:
        """Tokens of ``text``, control tokens recognised; from any thread. ``first`` adds the
        begin-of-text token where the model wants one and the text does not spell it."""
        data = text.encode("utf-8", "replace")
        with self._vocab_lock:
            if self._model is None:
                raise ModelError("The chat model was closed.", mend="Ask again.")
            tokens = self._tokenise(data, first)
            bos = self._c.llama_vocab_bos(self._vocab)
        if first and len(tokens) > 1 and tokens[0] == tokens[1] == bos:
            del tokens[0]
        return tokens

    def _tokenise(self, data: bytes, first: bool) -> list[int]:
        room = len(data) // 2 + 16
        while True:
            buffer = (ctypes.c_int32 * room)()
            count = self._c.llama_tokenize(self._vocab, data, len(data), buffer, room, first, True)
            if count >= 0:
                return buffer[:count]
            room = -count

    def piece(self, token: int) -> bytes | None:
        """Text of a generated token as UTF-8, perhaps part of a character; empty for a control
        token; None for one that ends the generation."""
        if token in self._pieces:
            return self._pieces[token]
        piece = None if self._api.is_eog(self._vocab, token) else self._text_of(token, False)
        self._pieces[token] = piece
        return piece

    def decode(self, tokens: Sequence[int], position: int, *, sequence: int = 0) -> None:
        """Read up to ``batch_size`` tokens at ``position``; ``sample`` then tells the next.

        Raises Aborted after ``abort()``; the tokens must then be removed with ``rewind``.
        """
        batch = self._batch
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = 0
        batch.logits[len(tokens) - 1] = 1
        batch.n_tokens = len(tokens)
        status = self._c.llama_decode(self._ctx, batch)
        if status == 0:
            if self.on_gpu:  # the GPU still computes; wait for it without the interpreter lock
                self._c.llama_synchronize(self._ctx)
        elif status == _ABORTED:
            raise Aborted
        elif status == 1:
            raise ModelError(
                f"The context window of {self.context_tokens} tokens is full.",
                mend="Start a new conversation.",
            )
        else:
            raise ModelError(
                f"llama.cpp failed on {self.path.name} (status {status}).",
                mend="Look into the log, or choose another model.",
            )

    def rewind(self, length: int, *, sequence: int = 0) -> bool:
        """Remove what stands from position ``length`` on. False when the model's memory cannot
        be cut there (recurrent models): the sequence is then empty."""
        memory = self._c.llama_get_memory(self._ctx)
        if self._c.llama_memory_seq_rm(memory, sequence, length, -1):
            return True
        self._c.llama_memory_seq_rm(memory, sequence, -1, -1)
        return False

    def sampler(self, sampling: Sampling, history: Sequence[int] = ()) -> Any:
        """A sampler chain; free it with ``free_sampler``. ``history`` counts as generated."""
        c = self._c
        chain = c.llama_sampler_chain_init(c.llama_sampler_chain_default_params())
        if sampling.repeat_penalty != 1.0:
            vocabulary = c.llama_vocab_n_tokens(self._vocab)
            penalty = c.llama_sampler_init_penalties(
                vocabulary, sampling.repeat_last, sampling.repeat_penalty, 0.0, 0.0
            )
            c.llama_sampler_chain_add(chain, penalty)
        if sampling.temperature <= 0:
            c.llama_sampler_chain_add(chain, c.llama_sampler_init_greedy())
        else:
            seed = 0xFFFFFFFF if sampling.seed is None else sampling.seed  # LLAMA_DEFAULT_SEED
            for step in (
                c.llama_sampler_init_top_k(sampling.top_k),
                c.llama_sampler_init_top_p(sampling.top_p, 1),
                c.llama_sampler_init_min_p(sampling.min_p, 1),
                c.llama_sampler_init_temp(sampling.temperature),
                c.llama_sampler_init_dist(seed),
            ):
                c.llama_sampler_chain_add(chain, step)
        for token in history[-sampling.repeat_last :]:
            c.llama_sampler_accept(chain, token)
        return chain

    def free_sampler(self, chain: Any) -> None:
        self._c.llama_sampler_free(chain)

    def sample(self, chain: Any) -> int:
        """The next token after what was decoded last."""
        return int(self._api.sample(chain, self._ctx, -1))

    def abort(self) -> None:
        """Make the running decode, and each one until ``resume``, raise Aborted; any thread.

        Only a CPU notices in the middle of a batch.
        """
        self._abort_byte[0] = b"\1"

    def resume(self) -> None:
        self._abort_byte[0] = b"\0"

    def _load(self, placement: Placement, on_progress: Callable[[float], bool] | None) -> None:
        params = self._c.llama_model_default_params()
        params.n_gpu_layers = placement.gpu_layers
        stopped = False

        def report(share: float, _data: Any) -> bool:
            nonlocal stopped
            stopped = stopped or (on_progress is not None and not on_progress(share))
            return not stopped

        callback = self._c.llama_progress_callback(report)  # must outlive the load
        params.progress_callback = callback
        self._model = self._c.llama_model_load_from_file(str(self.path).encode(), params)
        if self._model is None:
            if stopped:
                raise ModelError(f"Loading {self.path.name} was stopped.", mend="Ask again.")
            raise ModelError(
                f"llama.cpp cannot load {self.path}: the file is damaged or of an unknown kind.",
                mend="Download it again, or choose another model.",
            )

    def _create_context(self, placement: Placement, context: int) -> None:
        params = self._c.llama_context_default_params()
        params.n_ctx = context
        params.n_batch = params.n_ubatch = placement.batch
        params.n_seq_max = SEQUENCES
        params.n_threads = params.n_threads_batch = placement.threads
        params.no_perf = True
        if self._api.abort_when_set is not None:
            params.abort_callback = self._api.abort_when_set
            params.abort_callback_data = ctypes.addressof(self._abort_byte)
        self._ctx = self._c.llama_init_from_model(self._model, params)
        if self._ctx is None:
            raise ModelError(
                f"There is not enough memory to run {self.path.name} with {context} tokens.",
                mend="Lower max_context, or choose a smaller model.",
            )
        self._batch = self._c.llama_batch_init(placement.batch, 0, SEQUENCES)

    def _read_template(self) -> ChatTemplate:
        source = self._c.llama_model_chat_template(self._model, None)
        count = self._c.llama_vocab_n_tokens(self._vocab)
        get_attr, vocab = self._api.get_attr, self._vocab
        control = [t for t in range(count) if get_attr(vocab, t) & (_UNKNOWN | _CONTROL)]
        return ChatTemplate(
            source.decode("utf-8", "replace") if source else None,
            bos=self._name_of(self._c.llama_vocab_bos(vocab)),
            eos=self._name_of(self._c.llama_vocab_eos(vocab)),
            control_tokens=[self._name_of(t) for t in control],
        )

    def _name_of(self, token: int) -> str:
        return self._text_of(token, True).decode("utf-8", "replace") if token >= 0 else ""

    def _text_of(self, token: int, special: bool) -> bytes:
        buffer = self._piece_buffer
        length = self._api.token_to_piece(self._vocab, token, buffer, len(buffer), 0, special)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = self._api.token_to_piece(self._vocab, token, buffer, -length, 0, special)
        return buffer.raw[:length]
