"""Whether a model fits into this machine."""

from __future__ import annotations

from morgan_core.errors import ModelError
from morgan_core.llm.gguf import GGUFHeader


def check_memory(header: GGUFHeader, context: int, name: str, free: int | None = None) -> None:
    """Raise ModelError when weights and KV cache exceed ``free`` bytes (default: what is
    available here, on the GPUs too)."""
    available = free_memory() if free is None else free
    needed = header.memory(context)
    if needed > available:
        raise ModelError(
            f"The model {name} needs {_gigabytes(needed)} of memory with a context of {context} "
            f"tokens; {_gigabytes(available)} are free.",
            mend="Choose a smaller model, lower max_context, or close other programs.",
            needed=needed,
            available=available,
        )


def free_memory() -> int:
    """Bytes available to a new program, in main memory and on the GPUs of this build."""
    import psutil

    from morgan_core.llm.llama_api import llama_api
    from morgan_core.llm.offload import free_gpu_memory

    available = int(psutil.virtual_memory().available)
    if llama_api().c.llama_supports_gpu_offload():
        available += free_gpu_memory()
    return available


def _gigabytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
