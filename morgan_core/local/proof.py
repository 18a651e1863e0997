"""The proof that what was forgotten is gone: every store looked through, nothing changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import json

from morgan_core.errors import BadInput
from morgan_core.library.look import real_path
from morgan_core.library.names import from_person, on_disk
from morgan_core.storage.quotes import answers_quoting
from morgan_core.types import PastAnswer, Proof, StoreCheck

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from morgan_core.library.service import LibraryService
    from morgan_core.paths import Paths

NOTES = (
    "Morgan never touches the file itself.",
    "The path stays in the list of what is kept out, in the last 200 jobs, and may stand in logs.",
    "Deleted bytes can stay in the files of the database and of the index until these reuse or "
    "compact them; Morgan does not overwrite them.",
)


async def prove(
    names: Sequence[str], library: LibraryService, engine: AsyncEngine, paths: Paths
) -> Proof:
    """Look for ``names`` (absolute paths or document ids) everywhere. Raises BadInput for none."""
    if not names:
        raise BadInput("No path was given.")
    names = [from_person(name) for name in names]
    ids = [name for name in names if not os.path.isabs(on_disk(name))]  # noqa: PTH117
    at = [name for name in names if name not in ids]
    at = list(dict.fromkeys([*at, *[await asyncio.to_thread(real_path, path) for path in at]]))
    checks = list(await library.check_forgotten(names))
    answers = await answers_quoting(engine, at, ids)
    checks.append(await asyncio.to_thread(_check_journals, paths.journal, at, ids, answers))
    notes: tuple[str, ...] = NOTES
    if answers:
        notes = (*NOTES, "Stored answers keep what they quote until their conversation is deleted.")
    return Proof(
        paths=tuple(names),
        clean=not any(check.left for check in checks),
        checks=tuple(checks),
        answers=answers,
        notes=notes,
    )


def _check_journals(
    directory: Path, paths: Sequence[str], ids: Sequence[str], answers: Sequence[PastAnswer]
) -> StoreCheck:
    """Journals that quote it, of turns that are not among the stored ``answers``."""
    needles = [json.encode(path)[:-1] + end for path in paths for end in (b'"', b"/")]
    needles += [json.encode(name) for name in ids]
    listed = {answer.turn_id for answer in answers}
    left, files = [], list(directory.glob("*.jsonl"))
    for file in files:
        with suppress(FileNotFoundError):
            data = file.read_bytes()
            if file.stem not in listed and any(needle in data for needle in needles):
                left.append(file.name)
    return StoreCheck(
        store="journals of turns", looked_at=len(files), left=len(left), examples=tuple(left[:5])
    )
