"""Where a local reranker's files are, looked at without loading them."""

from __future__ import annotations

import json
from pathlib import Path

from morgan_core.embedding.catalogue import cached_snapshot
from morgan_core.errors import ModelError


def locate(name: str) -> Path:
    """The folder of the cross-encoder ``name``: a path, or a name on the Hugging Face hub whose
    files are in the cache.

    Raises ModelError when it is nowhere, or could only be loaded by unpickling or by running code
    of its own.
    """
    folder = Path(name).expanduser()
    found = folder.resolve() if folder.is_dir() else cached_snapshot(name)
    if found is None:
        raise ModelError(
            f"The files of the reranker {name!r} are not on this machine.",
            mend=f"Run `hf download {name}`, or set reranker_model to the folder that holds them.",
        )
    _examine(found)
    return found


def _examine(folder: Path) -> None:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder} holds no model: its config.json cannot be read ({error}).",
            mend="Set reranker_model to the folder of a cross-encoder.",
        ) from error
    if not isinstance(config, dict) or "auto_map" in config:
        raise ModelError(
            f"The model in {folder} brings code of its own, which is not run.",
            mend="Choose a cross-encoder that transformers knows by itself.",
        )
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} holds no *.safetensors file, and pickled weights are not read.",
            mend="Convert the model to safetensors.",
        )
