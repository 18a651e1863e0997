"""What the files of a sentence-transformers model say, read without loading it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import ModelError

_SAMPLE = 64 * 1024
_DEFAULT_MAX_TOKENS = 512


def examine(directory: Path) -> EmbedderInfo:
    """Describe the model in ``directory``.

    Its name is the folder's with a fingerprint of its files, because vectors of another model
    under the same name must not be mixed. Raises ModelError when the folder holds no model,
    or one that could only be loaded by unpickling or by running code of its own.
    """
    config = _read(directory / "config.json")
    modules = _modules(directory)
    _refuse_unsafe(directory, modules)
    dimension = _dimension(directory, modules, config)
    if not isinstance(dimension, int) or dimension < 1:
        raise ModelError(
            f"{directory} does not say how long its vectors are.",
            mend="Set embedding_model to the folder of a sentence-transformers model.",
        )
    return EmbedderInfo(
        name=f"{_slug(directory.resolve().name)}-{fingerprint(directory)}",
        dimension=dimension,
        max_tokens=_max_tokens(directory, modules, config),
    )


def fingerprint(directory: Path) -> str:
    """Eight hex digits that change with the model's configuration or weights.

    Of each weights file the size, the first and the last 64 KiB are taken: reading gigabytes
    would cost seconds at every start.
    """
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.suffix not in (".json", ".safetensors") or not path.is_file():
            continue
        digest.update(str(path.relative_to(directory)).encode())
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(size.to_bytes(8, "big"))
            digest.update(file.read(_SAMPLE))
            if size > _SAMPLE:
                file.seek(max(_SAMPLE, size - _SAMPLE))
                digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:8]


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path.parent} holds no model: {path.name} is missing.",
            mend="Set embedding_model to the folder of a sentence-transformers model.",
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} does not hold the settings of a model.")
    return value


def _modules(directory: Path) -> list[dict[str, Any]]:
    path = directory / "modules.json"
    if not path.exists():
        return []
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ModelError(f"{path} does not hold a list of modules.")
    return value


def _refuse_unsafe(directory: Path, modules: list[dict[str, Any]]) -> None:
    for module in modules:
        kind = str(module.get("type", ""))
        if not kind.startswith("sentence_transformers."):
            raise ModelError(
                f"The model in {directory} brings code of its own ({kind}), which is not run.",
                mend="Choose a model made of sentence-transformers' own modules.",
            )
    folders = [directory, *(directory / str(module.get("path", "")) for module in modules)]
    for folder in folders:
        if any(folder.glob("pytorch_model*.bin")) and not any(folder.glob("*.safetensors")):
            raise ModelError(
                f"The weights in {folder} are pickled, and pickles are not read.",
                mend="Convert the model to safetensors.",
            )
    if not any(directory.glob("*.safetensors")):
        raise ModelError(
            f"{directory} holds no weights: there is no *.safetensors file in it.",
            mend="Download the model again, completely.",
        )


def _dimension(directory: Path, modules: list[dict[str, Any]], config: dict[str, Any]) -> Any:
    dimension = config.get("hidden_size") or config.get("d_model") or config.get("dim")
    for module in modules:
        settings = directory / str(module.get("path", "")) / "config.json"
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Pooling" and settings.exists():
            dimension = _read(settings).get("word_embedding_dimension", dimension)
        elif kind == "Dense" and settings.exists():
            dimension = _read(settings).get("out_features", dimension)
    return dimension


def _max_tokens(directory: Path, modules: list[dict[str, Any]], config: dict[str, Any]) -> int:
    first = directory / str(modules[0].get("path", "")) if modules else directory
    settings = first / "sentence_bert_config.json"
    asked = _read(settings).get("max_seq_length") if settings.exists() else None
    limit = asked or config.get("max_position_embeddings") or _DEFAULT_MAX_TOKENS
    return int(limit) if isinstance(limit, int) and limit > 0 else _DEFAULT_MAX_TOKENS


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.casefold()).strip("-.") or "model"
