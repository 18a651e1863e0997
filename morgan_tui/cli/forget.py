"""``forget``: documents removed and kept out, and the proof that nothing of them is left."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Sequence

from morgan_core.assistant import Morgan
from morgan_core.types import Document, Job, Proof
from morgan_tui.cli.console import Console, counted, name
from morgan_tui.cli.progress import Follower
from morgan_tui.cli.scope import absolute


async def forget(morgan: Morgan, args: Namespace, console: Console) -> int:
    documents = (await morgan.library.list()).documents
    ids = {document.id for document in documents}
    targets = [path if path in ids else absolute(path) for path in args.paths]
    if args.prove:
        return await _prove(morgan, targets, documents, console)
    job = await _forget(morgan, targets, console)
    if console.as_json:
        console.json(job)
    return _failed(job, targets)


async def _forget(morgan: Morgan, targets: Sequence[str], console: Console) -> Job:
    job = await morgan.forget(targets)
    job = await Follower(morgan, job, console).until({"done", "failed"})
    for path, reason in sorted(job.skipped.items()):
        console.say(f"not forgotten  {name(path)}: {reason}")
    if job.error:
        console.say(job.error)
    console.say(f"Forgot {counted(len(job.documents), 'document')}.")
    return job


def _failed(job: Job, targets: Sequence[str]) -> int:
    return 1 if job.state == "failed" or set(targets) & set(job.skipped) else 0


async def _prove(
    morgan: Morgan, targets: Sequence[str], documents: Sequence[Document], console: Console
) -> int:
    """Forget what is still known of ``targets``, then look whether anything is left."""
    known = [target for target in targets if any(_is_at(d, target) for d in documents)]
    names = list(targets)
    code = 0
    if known:
        code = _failed(await _forget(morgan, known, console), known)
    for document in documents:
        elsewhere = [path for path in document.paths if not _covers(document, path, targets)]
        if not any(_is_at(document, target) for target in targets):
            continue
        names += [path for path in document.paths if path not in elsewhere]
        if elsewhere:
            console.say(f"The same content stays in the library as {name(elsewhere[0])}.")
        else:
            names.append(document.id)
    console.live("Looking through every store…")
    proof = await morgan.prove(list(dict.fromkeys(names)))
    console.clear()
    if console.as_json:
        console.json(proof)
    else:
        _show(proof, console)
    return code or (0 if proof.clean else 1)


def _covers(document: Document, path: str, targets: Sequence[str]) -> bool:
    return document.id in targets or any(_is_below(path, target) for target in targets)


def _is_at(document: Document, target: str) -> bool:
    return document.id == target or any(_is_below(path, target) for path in document.paths)


def _is_below(path: str, folder: str) -> bool:
    for base in (folder, os.path.realpath(folder)):
        if path == base or path.startswith(base.rstrip(os.sep) + os.sep):
            return True
    return False


def _show(proof: Proof, console: Console) -> None:
    console.line(f"{'store':<34}{'looked at':>11}{'left':>8}")
    for check in proof.checks:
        console.line(f"{name(check.store):<34}{check.looked_at:>11,}{check.left:>8,}")
        for example in check.examples:
            console.line(f"    left: {name(example)}")
    for answer in proof.answers:
        asked = time.strftime("%Y-%m-%d %H:%M", time.localtime(answer.asked))
        how = "cites it" if answer.cited else "was shown it"
        console.line(
            f"answer of {asked}, {how}: {name(answer.question)}"
            f"  (conversation {name(answer.title)}, {name(answer.conversation_id)})"
        )
    console.line("Nothing is left." if proof.clean else "Something is left.")
    for note in proof.notes:
        console.say(note)
    if proof.answers:
        ids = " ".join(dict.fromkeys(name(answer.conversation_id) for answer in proof.answers))
        console.say(f"Delete those conversations with: morgan-tui chats delete {ids}")
