"""What was typed and not yet saved by the core: drafts per conversation, and waiting questions.

Each running app has its own small JSON file below ``<data>/drafts``, replaced atomically, and
holds a lock beside it, so that two terminals never write the same file. At the start an app
adopts the files that no living app holds: after a crash nothing typed is gone.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

SAVE_AFTER = 0.3
"""Seconds of rest after the last key until a draft is written."""


@dataclass
class PendingQuestion:
    """A question that was sent but that the core has not yet confirmed as saved.

    ``id`` names its turn. ``asked`` is in seconds since the epoch; ``conversation_id`` None asks in a new conversation.
    With ``own_knowledge`` it is for the model itself.
    """

    question: str
    conversation_id: str | None = None
    asked: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: os.urandom(16).hex())
    own_knowledge: bool = False


class Drafts:
    """Drafts by conversation id ("" is the new conversation) and pending questions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._lock: IO[str] | None = None
        self._texts: dict[str, str] = {}
        self._pending: dict[str, PendingQuestion] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.open_chat: str | None = None
        """The conversation to show at the next start, because work in it was cut short."""
        self.error: OSError | None = None
        """Why the last save failed; None when it worked."""

    def open(self) -> None:
        """Take a file of our own and adopt those of apps that are gone."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = os.urandom(16).hex()
        self._lock = _lock(self._folder / f"{name}.lock")
        self._path = self._folder / f"{name}.json"
        adopted = self._adopt()
        if adopted:
            self.save()
        if self.error is None:
            for path, lock in adopted:
                path.unlink(missing_ok=True)
                lock_path = path.with_suffix(".lock")
                lock_path.unlink(missing_ok=True)
                lock.close()

    def close(self) -> None:
        """Write what is there and let go of the file, which stays for the next start."""
        self.save()
        if self._path is not None and not (self._texts or self._pending or self.open_chat):
            self._path.unlink(missing_ok=True)
            self._path.with_suffix(".lock").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def text(self, conversation_id: str | None) -> str:
        """The draft of a conversation."""
        return self._texts.get(conversation_id or "", "")

    def set_text(self, conversation_id: str | None, text: str) -> None:
        """Keep a draft; it is on disk ``SAVE_AFTER`` seconds after the last change."""
        key = conversation_id or ""
        if text:
            self._texts[key] = text
        else:
            self._texts.pop(key, None)
        self._save_soon()

    def set_open_chat(self, conversation_id: str | None) -> None:
        """Remember what to show at the next start."""
        if conversation_id != self.open_chat:
            self.open_chat = conversation_id
            self._save_soon()

    def move(self, old: str | None, new: str | None) -> None:
        """A new conversation got its id: its draft follows."""
        text = self._texts.pop(old or "", "")
        if text:
            self._texts[new or ""] = text
        self._save_soon()

    @property
    def pending(self) -> list[PendingQuestion]:
        """The unconfirmed questions, oldest first."""
        return sorted(self._pending.values(), key=lambda p: p.asked)

    def add_pending(self, pending: PendingQuestion) -> None:
        """Keep a sent question; on disk when this returns."""
        self._pending[pending.id] = pending
        self.save()

    def confirm(self, pending_id: str) -> None:
        """The core saved the question."""
        if self._pending.pop(pending_id, None) is not None:
            self.save()

    def save(self) -> None:
        """Write now, atomically. A failure is kept in ``error``.

        The file outlives any end of the app. It is not forced to the disk: that takes up to
        hundreds of milliseconds, and this runs between two keys.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._path is None:
            return
        data = {
            "drafts": self._texts,
            "pending": [asdict(pending) for pending in self._pending.values()],
            "open_chat": self.open_chat,
        }
        import json

        temporary = self._path.with_suffix(".tmp")
        try:
            with temporary.open("w", encoding="utf-8", errors="surrogatepass") as file:
                json.dump(data, file)
            temporary.replace(self._path)
        except OSError as error:
            self.error = error
        else:
            self.error = None

    def _save_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SAVE_AFTER, self.save)

    def _adopt(self) -> list[tuple[Path, IO[str]]]:
        adopted = []
        files = [path for path in self._folder.glob("*.json") if path != self._path]
        for path in sorted(files, key=lambda p: p.stat().st_mtime):
            lock = _lock(path.with_suffix(".lock"))
            if lock is None:
                continue
            data = _read(path)
            if data is None:
                path.replace(path.with_suffix(".damaged"))
                lock.close()
                continue
            texts, pending, open_chat = data
            self.open_chat = open_chat or self.open_chat
            for key, text in texts.items():
                mine = self._texts.get(key)
                self._texts[key] = text if mine is None or mine == text else f"{mine}\n{text}"
            self._pending |= {p.id: p for p in pending}
            adopted.append((path, lock))
        return adopted


def _read(path: Path) -> tuple[dict[str, str], list[PendingQuestion], str | None] | None:
    """The content of a drafts file; None when it is damaged."""
    import json

    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8", errors="surrogatepass"))
        texts = {str(key): str(text) for key, text in data["drafts"].items()}
        pending = [PendingQuestion(**pending) for pending in data["pending"]]
        return texts, pending, data.get("open_chat")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _lock(path: Path) -> IO[str] | None:
    """Open and lock ``path``; None while another living process holds it."""
    file = path.open("w")
    try:
        import fcntl
    except ImportError:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
