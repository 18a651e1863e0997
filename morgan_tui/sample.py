"""The sample library that a first start offers, and questions that it answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def sample_folder() -> Path:
    """Where the sample documents lie.

    Raises MorganError when this installation came without them.
    """
    from morgan_core.assets import asset_path

    return Path(asset_path("sample"))


QUESTIONS = (
    "When must the domes be closed?",
    "Who is the keeper, and what may the keeper do?",
    "When is the mirror of Margit coated again?",
)


def sample_questions(folders: Iterable[str]) -> tuple[str, ...]:
    """Three questions if the sample library is among the watched ``folders``, else none."""
    from morgan_core.errors import NotFound

    try:
        sample = str(sample_folder())
    except NotFound:
        return ()
    return QUESTIONS if sample in folders else ()
