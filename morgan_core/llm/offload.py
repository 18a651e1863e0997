"""How much of a model goes to the GPU, and how many threads compute the rest."""

from __future__ import annotations

import ctypes
import os

from morgan_core.llm.gguf import GGUFHeader
from morgan_core.llm.llama_api import llama_api
from morgan_core.settings import Settings
from morgan_core.types import Record

ALL_LAYERS = -1
_GPU, _INTEGRATED_GPU = 1, 2  # enum ggml_backend_dev_type
_RESERVE = 768 * 1024**2
"""Bytes left free on the GPU: the CUDA context (~300 MB) and compute buffers."""


class Placement(Record, frozen=True):
    """Where a model runs. ``batch`` is the number of prompt tokens read in one step."""

    gpu_layers: int
    threads: int
    batch: int


def place(settings: Settings, header: GGUFHeader, context: int) -> Placement:
    """Plan before loading: as many layers on the GPU as fit with their share of the KV cache.

    On a CPU a step reads 64 tokens, so that a cancel is noticed within 400 ms at the 196
    tokens/s of SmolLM2 on 2 cores; on a GPU 512, the usual optimum of llama.cpp.
    """
    layers = 0
    if llama_api().c.llama_supports_gpu_offload():
        wanted = settings.llm_gpu_layers
        layers = wanted if wanted >= 0 else layers_that_fit(header, context, free_gpu_memory())
    return Placement(
        gpu_layers=layers,
        threads=settings.llm_threads or physical_cores(),
        batch=512 if layers else 64,
    )


def layers_that_fit(header: GGUFHeader, context: int, free: int) -> int:
    """Layers of the model that fit into ``free`` bytes, ALL_LAYERS when all do.

    The output layer counts as one more, as in llama.cpp's own count.
    """
    count = header.layers + 1
    per_layer = (header.size + header.kv_bytes_per_token * context) / count
    fit = int((free - _RESERVE) / per_layer)
    return ALL_LAYERS if fit >= count else max(fit, 0)


def free_gpu_memory() -> int:
    """Free bytes of all GPUs that this build of llama.cpp can use; 0 without any."""
    from llama_cpp._ctypes_extensions import load_shared_library

    base_path = llama_api().c._base_path
    registry = load_shared_library("ggml", base_path)
    base = load_shared_library("ggml-base", base_path)
    registry.ggml_backend_dev_count.restype = ctypes.c_size_t
    registry.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    registry.ggml_backend_dev_get.restype = ctypes.c_void_p
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    base.ggml_backend_dev_type.restype = ctypes.c_int
    size_p = ctypes.POINTER(ctypes.c_size_t)
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size_p, size_p]
    base.ggml_backend_dev_memory.restype = None
    total_free = 0
    for index in range(registry.ggml_backend_dev_count()):
        device = registry.ggml_backend_dev_get(index)
        if base.ggml_backend_dev_type(device) in (_GPU, _INTEGRATED_GPU):
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            base.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            total_free += free.value
    return total_free


def physical_cores() -> int:
    """Physical cores this process may use; hyper-threads slow llama.cpp down."""
    import psutil

    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(cores, 1)
