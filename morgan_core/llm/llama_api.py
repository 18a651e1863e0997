"""The one door to llama.cpp: its C functions, its log, its one-time initialisation.

Only the low-level bindings are used. ``llama_cpp.Llama(verbose=False)`` points descriptors 1
and 2 at /dev/null while it loads, and a terminal app draws on descriptor 2.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

log = logging.getLogger("morgan_core.llm.llama_cpp")
log.addHandler(logging.NullHandler())  # without any handler, logging writes warnings on fd 2

# ggml.h, enum ggml_log_level: debug, info, warning, error. A load is a page of "info".
_LEVELS = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}
_CONTINUES = 5
_SPINS = "2000"

_lock = threading.Lock()
_api: LlamaApi | None = None


class LlamaApi:
    """llama.cpp's functions. ``c`` holds those that release the interpreter lock.

    The three that run for every token and take microseconds keep the lock: giving it up and
    taking it back can cost 5 ms each when another thread computes.
    """

    def __init__(self, module: Any) -> None:
        self.c = module
        held = ctypes.PyDLL(module._lib._name)
        self.sample = held.llama_sampler_sample
        self.sample.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32]
        self.sample.restype = ctypes.c_int32
        self.token_to_piece = held.llama_token_to_piece
        self.token_to_piece.argtypes = [
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_bool,
        ]
        self.token_to_piece.restype = ctypes.c_int32
        self.is_eog = held.llama_vocab_is_eog
        self.is_eog.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        self.is_eog.restype = ctypes.c_bool
        self.get_attr = held.llama_vocab_get_attr
        self.get_attr.argtypes = [ctypes.c_void_p, ctypes.c_int32]
        self.get_attr.restype = ctypes.c_int
        # `size_t strlen(const char *)` serves as an abort callback that needs no interpreter:
        # its data is a byte and a NUL, so it is true exactly while that byte is not zero.
        strlen = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p) if _has_libc() else None
        self.abort_when_set = (
            module.ggml_abort_callback(strlen.value) if strlen and strlen.value else None
        )


def llama_api() -> LlamaApi:
    """Import and initialise llama.cpp, once per process. Takes about 0.4 s the first time."""
    global _api
    with _lock:
        if _api is None:
            with _patient_threads():
                import llama_cpp.llama_cpp as module

            module.llama_log_set(_keep_log_callback(module), ctypes.c_void_p(0))
            module.llama_backend_init()
            _api = LlamaApi(module)
        return _api


@contextlib.contextmanager
def _patient_threads() -> Iterator[None]:
    """Let llama.cpp's threads sleep soon when they wait for each other.

    libgomp reads this when it is loaded. Its default spins for milliseconds: with the cores
    shared by an embedder at work, 2 threads on 2 cores then took over 25 s for what they do in
    12 s so (256 tokens read, 40 written; measured at a load of 9).
    """
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    if any(name in os.environ for name in names):
        yield
        return
    os.environ[names[0]] = _SPINS
    try:
        yield
    finally:
        del os.environ[names[0]]


class _LogLines:
    """Joins llama.cpp's pieces of log text into lines. Pieces come from any thread."""

    def __init__(self) -> None:
        self._text = ""
        self._level = logging.DEBUG
        self._lock = threading.Lock()

    def add(self, level: int, piece: str) -> None:
        lines: list[tuple[int, str]] = []
        with self._lock:
            if level != _CONTINUES:
                if self._text:
                    lines.append((self._level, self._text))
                self._text, self._level = "", _LEVELS.get(level, logging.DEBUG)
            self._text += piece
            if self._text.endswith("\n"):
                lines.append((self._level, self._text))
                self._text = ""
        for line_level, line in lines:
            if line := line.strip(" .\n"):
                log.log(line_level, "%s", line)


_lines = _LogLines()
_callback: Any = None


def _keep_log_callback(module: Any) -> Any:
    global _callback

    def on_log(level: int, text: bytes, _data: Any) -> None:
        try:
            _lines.add(level, text.decode("utf-8", "replace"))
        except Exception:  # an exception that leaves a C callback is printed on the terminal
            log.debug("a log line of llama.cpp could not be written", exc_info=True)

    _callback = module.llama_log_callback(on_log)
    return _callback


def _has_libc() -> bool:
    try:
        return hasattr(ctypes.CDLL(None), "strlen")
    except (OSError, TypeError):  # Windows has no default library
        return False
