"""Asks for a folder or file, completing paths as they are typed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.suggester import Suggester
from textual.widgets import Input

from morgan_core.urls import is_url
from morgan_tui.screens.ask_text import AskText


class PathSuggester(Suggester):
    """Completes the last part of a path; folders first, hidden names only when asked for."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete_path, value)


def complete_path(value: str) -> str | None:
    """The first completion of ``value``, or None. A folder's completion ends with a slash."""
    head, slash, last = value.rpartition("/")
    if not slash or not value:
        return None
    folder = Path(head + "/").expanduser()
    try:
        with os.scandir(folder) as entries:
            names = [
                (not entry.is_dir(), entry.name)
                for entry in entries
                if entry.name.startswith(last) and (last or not entry.name.startswith("."))
            ]
    except OSError:
        return None
    if not names:
        return None
    is_file, name = min(names)
    return f"{head}/{name}" + ("" if is_file else "/")


class AskPath(AskText):
    """Dismisses with an absolute path that exists, the URL of a page, or None."""

    hint = (
        "→ completes, Enter adds, Esc goes back. A folder is watched: what changes is followed."
        " An https:// address is fetched once."
    )

    def __init__(self) -> None:
        super().__init__("Add a folder or a file to the library", str(Path.home()) + "/")
        self.suggester = PathSuggester()

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key == "tab":
            event.stop()  # type: ignore[attr-defined]
            event.prevent_default()  # type: ignore[attr-defined]
            self.query_one(Input).action_cursor_right()

    def problem_with(self, text: str) -> str:
        if is_url(text):
            return ""
        path = Path(text).expanduser()
        if not text or not path.is_absolute():
            return "Give an absolute path, like /home/me/papers."
        if not path.exists():
            return "There is no such folder or file."
        return ""

    def result(self, text: str) -> str:
        return text if is_url(text) else str(Path(text).expanduser())
