"""Every setting of Morgan, in one typed place.

Defaults < ``config.toml`` < ``.env`` (both in the config directory) < environment < flags.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Settings(BaseModel):
    """All fields; the environment name of ``x`` is ``MORGAN_X``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # the process
    env: Literal["development", "production"] = Field(
        "development", description="Kind of deployment."
    )
    debug: bool = Field(False, description="Log debug messages too.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="Least level written to the log file."
    )
    instance_id: str = Field("", description="Name of this node in logs and metrics.")
    host: str = Field("127.0.0.1", description="Address that --headless binds.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the HTTP API; 0 takes any.")
    metrics_port: int = Field(9000, ge=0, le=65535, description="TCP port of /metrics.")
    workers: int = Field(8, ge=1, le=64, description="Requests served at the same time.")
    api_key: SecretStr | None = Field(None, description="Key that HTTP clients must send.")
    cors_origins: tuple[str, ...] = Field((), description="Origins allowed by CORS.")

    # the chat model
    llm_model: str = Field(
        "smollm2-135m-instruct",
        description="Chat model: a name of the catalogue, a path of a GGUF file, or the remote model's name.",
    )
    llm_base_url: str = Field(
        "", description="OpenAI-compatible endpoint; empty runs the model in this process."
    )
    llm_api_key: SecretStr | None = Field(None, description="Key for the remote model.")
    llm_temperature: float = Field(0.2, ge=0.0, le=2.0, description="Sampling temperature.")
    llm_gpu_layers: int = Field(
        -1, ge=-1, description="Layers offloaded to the GPU; -1 offloads as many as fit."
    )
    llm_threads: int = Field(0, ge=0, le=512, description="CPU threads; 0 takes the cores.")
    llm_timeout: float = Field(60.0, gt=0, description="Seconds a remote model may be silent.")
    max_context: int = Field(
        8192, ge=512, le=1048576, description="Context window in tokens, at most the model's."
    )
    max_response_tokens: int = Field(
        512, ge=16, le=131072, description="Longest answer, in tokens."
    )
    first_token_seconds: float = Field(
        4.0,
        gt=0,
        le=120,
        description="On a CPU, sources are limited so that the first token comes within this.",
    )

    # the embedder
    embedding_model: str = Field(
        "all-minilm-l6-v2",
        description="Embedder: a name of the catalogue, a directory, or the remote model's name.",
    )
    embedding_base_url: str = Field(
        "", description="OpenAI-compatible endpoint; empty runs the embedder in a child process."
    )
    embedding_api_key: SecretStr | None = Field(None, description="Key for the remote embedder.")
    embedding_device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Device of the embedder; auto takes CUDA where it works."
    )
    embedding_batch_size: int = Field(
        0, ge=0, le=4096, description="Texts per batch; 0 measures the best size."
    )

    # search
    qdrant_url: str = Field("", description="Qdrant server; empty uses the embedded engine.")
    qdrant_api_key: SecretStr | None = Field(None, description="Key for the Qdrant server.")
    max_search_results: int = Field(100, ge=1, le=1000, description="Most passages per search.")
    default_search_results: int = Field(
        10, ge=1, le=1000, description="Passages per search when none are asked for."
    )
    max_sources: int = Field(6, ge=1, le=50, description="Most passages put before the model.")

    # the library
    chunk_size: int = Field(900, ge=100, le=5000, description="Largest chunk, in characters.")
    max_file_size: int = Field(
        100 * 1024 * 1024, ge=1024, description="Largest file that is read, in bytes."
    )
    reader_timeout: float = Field(60.0, gt=0, description="Seconds one file may take to read.")
    reader_memory: int = Field(
        2 * 1024**3, ge=64 * 1024**2, description="Bytes of memory the reader may use."
    )
    purge_after: float = Field(
        60.0, ge=0, description="Seconds until a deleted file's passages are purged."
    )
    rescan_every: float = Field(
        600.0, ge=1, description="Seconds between two full comparisons with the disk."
    )

    # caches and services
    cache_size: int = Field(5000, ge=100, le=1000000, description="Entries of memory caches.")
    cache_ttl: int = Field(7200, ge=60, description="Seconds an entry of a shared cache lives.")
    redis_url: str = Field("", description="Redis of a cluster.")
    redis_password: SecretStr | None = Field(None, description="Password of that Redis.")
    database_url: str = Field("", description="SQL database; empty is SQLite in the data dir.")
