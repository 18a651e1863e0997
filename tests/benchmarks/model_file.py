"""The chat model that the benchmarks generate with, and what it is asked."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from morgan_core.paths import Paths
from morgan_core.settings import Settings

CONTEXT = 2048
_TOPICS = (
    "a lighthouse keeper",
    "the last tram of the night",
    "a garden behind a prison",
    "two brothers who share a boat",
    "the winter when the river froze",
    "a letter that came too late",
    "the baker of a small island",
    "a clock that runs backwards",
)


def settings() -> Settings:
    return Settings(max_context=CONTEXT, max_response_tokens=512)


def question(number: int) -> str:
    """Something that a small model has much to say about; no two share their beginning."""
    topic = _TOPICS[number % len(_TOPICS)]
    return f"Chapter {number + 1}: tell a very long and detailed story about {topic}."


def prompt(number: int) -> str:
    """``question(number)`` as SmolLM2 is prompted (ChatML)."""
    return f"<|im_start|>user\n{question(number)}<|im_end|>\n<|im_start|>assistant\n"


def model_file(paths: Paths) -> Path:
    """The GGUF of the starter model. Raises ModelError where it is not installed."""
    from morgan_core.llm.catalogue import Catalogue

    return Catalogue(paths).resolve(settings().llm_model).path


@lru_cache
def threads() -> int:
    from morgan_core.llm.offload import physical_cores

    return physical_cores()
