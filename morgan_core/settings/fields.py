"""The settings: one field each, with its meaning, its unit and what it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


@dataclass(frozen=True)
class Unit:
    """The unit in which a setting is counted."""

    name: str


@dataclass(frozen=True)
class Url:
    """A setting that is empty or a URL of one of ``schemes``; its password is masked."""

    schemes: tuple[str, ...]


Web = Url(("http", "https"))
Bytes = Unit("bytes")
Characters = Unit("characters")
Passages = Unit("passages")
Seconds = Unit("seconds")
Tokens = Unit("tokens")

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Settings(BaseModel):
    """All settings. ``x`` is ``x`` in ``config.toml``, ``MORGAN_X`` in ``.env`` and in the
    environment, ``--x`` on the command line where there is such a flag."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # the process
    env: Literal["development", "production"] = Field(
        "development", description="Kind of deployment, named in logs and metrics."
    )
    debug: bool = Field(False, description="Write debug messages to the log, whatever log_level.")
    log_level: LogLevel = Field("INFO", description="Least level written to the log file.")
    instance_id: str = Field(
        "", max_length=200, description="Name of this node in logs and metrics."
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address that --headless binds.")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the HTTP API; 0 takes any.")
    metrics_port: int = Field(
        9000, ge=0, le=65535, description="TCP port of /metrics; 0 takes any."
    )
    workers: Annotated[int, Unit("requests")] = Field(
        8, ge=1, le=64, description="Requests served at the same time; they share one model."
    )
    api_key: SecretStr | None = Field(None, description="Key that HTTP clients must send.")
    cors_origins: tuple[str, ...] = Field(
        (), description="Web origins allowed by CORS, separated by commas."
    )

    # the chat model
    llm_model: str = Field(
        "smollm2-135m-instruct",
        min_length=1,
        description="Chat model: a name of the catalogue, a path of a GGUF file, or the remote"
        " model's name.",
    )
    llm_base_url: Annotated[str, Web] = Field(
        "", description="OpenAI-compatible endpoint; empty runs the model in this process."
    )
    llm_api_key: SecretStr | None = Field(None, description="Key for the remote model.")
    llm_temperature: float = Field(0.2, ge=0.0, le=2.0, description="Sampling temperature.")
    llm_gpu_layers: Annotated[int, Unit("layers")] = Field(
        -1, ge=-1, description="Layers offloaded to the GPU; -1 offloads as many as fit."
    )
    llm_threads: Annotated[int, Unit("threads")] = Field(
        0, ge=0, le=512, description="CPU threads of the chat model; 0 takes the cores."
    )
    llm_timeout: Annotated[float, Seconds] = Field(
        60.0, gt=0, description="How long a remote model may be silent."
    )
    max_context: Annotated[int, Tokens] = Field(
        8192, ge=512, le=1048576, description="Context window, at most the model's own."
    )
    max_response_tokens: Annotated[int, Tokens] = Field(
        512, ge=16, le=131072, description="Longest answer; less than max_context."
    )
    first_token_seconds: Annotated[float, Seconds] = Field(
        4.0,
        gt=0,
        le=120,
        description="On a CPU, sources are limited so that the first token comes within this.",
    )

    # the embedder
    embedding_model: str = Field(
        "all-minilm-l6-v2",
        min_length=1,
        description="Embedder: a name of the catalogue, a directory, or the remote model's name.",
    )
    embedding_base_url: Annotated[str, Web] = Field(
        "", description="OpenAI-compatible endpoint; empty runs the embedder in a child process."
    )
    embedding_api_key: SecretStr | None = Field(None, description="Key for the remote embedder.")
    embedding_dimension: int = Field(
        0,
        ge=0,
        le=65536,
        description="Length of a remote embedder's vectors; 0 looks it up by the model's name.",
    )
    embedding_device: Device = Field(
        "auto", description="Device of the embedder; auto takes CUDA where it works."
    )
    embedding_batch_size: Annotated[int, Unit("texts")] = Field(
        0, ge=0, le=4096, description="Most texts per batch; 0 leaves the size to measurement."
    )

    # the reranker
    reranker_model: str = Field(
        "",
        description="Reranker: a directory, a name in the Hugging Face cache, or the remote"
        " model's name; empty reranks nothing unless reranker_url is set.",
    )
    reranker_url: Annotated[str, Web] = Field(
        "",
        description="Host that reranks at /rerank; empty runs reranker_model in a child process.",
    )
    reranker_api: Literal["tei", "jina"] = Field(
        "tei",
        description="Shape of that host's API: Text Embeddings Inference, or Jina's and Cohere's.",
    )
    reranker_api_key: SecretStr | None = Field(None, description="Key for the remote reranker.")
    reranker_top_k: Annotated[int, Passages] = Field(
        30, ge=2, le=200, description="Best passages that the reranker reads."
    )
    reranker_timeout: Annotated[float, Seconds] = Field(
        5.0, gt=0, le=120, description="How long a search waits for the reranker."
    )

    # search
    qdrant_url: Annotated[str, Web] = Field(
        "", description="Qdrant server; empty uses the embedded engine."
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key for the Qdrant server.")
    max_search_results: Annotated[int, Passages] = Field(
        100, ge=1, le=1000, description="Most passages that one search may ask for."
    )
    default_search_results: Annotated[int, Passages] = Field(
        10, ge=1, le=1000, description="Passages per search when no number is asked for."
    )
    max_sources: Annotated[int, Passages] = Field(
        6, ge=1, le=50, description="Most passages put before the model."
    )

    # the library
    chunk_size: Annotated[int, Characters] = Field(
        900, ge=100, le=5000, description="Largest chunk."
    )
    max_file_size: Annotated[int, Bytes] = Field(
        100 * 1024 * 1024, ge=1024, description="Largest file that is read."
    )
    read_archives: bool = Field(
        False,
        description="Read the files in archives (ZIP; TAR, also compressed): one document each"
        " archive.",
    )
    private_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts whose pages are fetched though their addresses are not public,"
        " separated by commas.",
    )
    reader_timeout: Annotated[float, Seconds] = Field(
        60.0, gt=0, description="How long one file may take to read."
    )
    reader_memory: Annotated[int, Bytes] = Field(
        2 * 1024**3, ge=64 * 1024**2, description="Memory that the reader may use."
    )
    purge_after: Annotated[float, Seconds] = Field(
        60.0, ge=0, description="Time until a deleted file's passages are purged."
    )
    rescan_every: Annotated[float, Seconds] = Field(
        600.0, ge=1, description="Time between two full comparisons with the disk."
    )

    # caches and services
    cache_size: Annotated[int, Unit("entries")] = Field(
        5000, ge=100, le=1000000, description="Most entries of a memory cache."
    )
    cache_ttl: Annotated[int, Seconds] = Field(
        7200, ge=60, description="How long an entry of a shared cache lives."
    )
    redis_url: Annotated[str, Url(("redis", "rediss", "unix"))] = Field(
        "", repr=False, description="Redis of a cluster; empty uses none."
    )
    redis_password: SecretStr | None = Field(None, description="Password of that Redis.")
    database_url: Annotated[
        str,
        Url(("sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg", "postgres")),
    ] = Field("", repr=False, description="SQL database; empty is SQLite in the data directory.")


# The names of the deployment guide, which count only under --headless.
GUIDE_NAMES = {
    "DATABASE_URL": "database_url",
    "EMBEDDING_API_KEY": "embedding_api_key",
    "EMBEDDING_BASE_URL": "embedding_base_url",
    "EMBEDDING_BATCH_SIZE": "embedding_batch_size",
    "EMBEDDING_DEVICE": "embedding_device",
    "EMBEDDING_MODEL": "embedding_model",
    "INSTANCE_ID": "instance_id",
    "LLM_API_KEY": "llm_api_key",
    "LLM_BASE_URL": "llm_base_url",
    "LLM_MAX_TOKENS": "max_response_tokens",
    "LLM_MODEL": "llm_model",
    "LLM_TEMPERATURE": "llm_temperature",
    "QDRANT_API_KEY": "qdrant_api_key",
    "QDRANT_URL": "qdrant_url",
    "REDIS_PASSWORD": "redis_password",
    "REDIS_URL": "redis_url",
}

SECRETS = frozenset(
    name for name, field in Settings.model_fields.items() if field.annotation == (SecretStr | None)
)
# A URL may carry a password, so it may come from a file as a secret does.
FROM_FILE = SECRETS | {"redis_url", "database_url"}
