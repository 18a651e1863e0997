"""Opening a document's file in the person's editor or viewer."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from morgan_core.errors import MorganError, NotFound, Unavailable
from morgan_core.library.names import on_disk
from morgan_core.urls import is_url

if TYPE_CHECKING:
    from textual.app import App

TEXT_SUFFIXES = frozenset(
    {".txt", ".md", ".markdown", ".rst", ".log", ".csv", ".json", ".toml", ".tex", ".srt", ".vtt"}
)


def open_file(app: App[int], path: str, line: int | None = None) -> None:
    """Open ``path``: text in ``$VISUAL`` or ``$EDITOR`` at ``line``, else the desktop's viewer,
    as for a URL.

    Raises NotFound when the file is gone, Unavailable when nothing can open it.
    """
    if is_url(path):
        _view(path, "Its address is shown below the table.")
        return
    file = Path(on_disk(path))
    if not file.exists():
        raise NotFound(f"{path} is no longer there.")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor and file.suffix.lower() in TEXT_SUFFIXES:
        _edit(app, editor, file, line)
        return
    _view(file, "Set $EDITOR for text files.")


def open_folder(app: App[int], path: str) -> None:
    """Open the folder of the file at ``path`` in the desktop's file manager.

    Raises NotFound when it is gone, Unavailable when there is no desktop.
    """
    if is_url(path):
        raise NotFound("A page of the web has no folder.")
    folder = Path(on_disk(path)).parent
    if not folder.exists():
        raise NotFound(f"{folder} is no longer there.")
    _view(folder, "Its path is shown below the table.")


def _view(path: Path | str, mend: str) -> None:
    viewer = "open" if sys.platform == "darwin" else "xdg-open"
    if shutil.which(viewer) is None or not _has_desktop():
        raise Unavailable(f"There is no viewer for {path}.", mend=mend)
    subprocess.Popen(
        [viewer, str(path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _edit(app: App[int], editor: str, file: Path, line: int | None) -> None:
    command = [*shlex.split(editor)]
    if line is not None and Path(command[0]).name in ("vi", "vim", "nvim", "nano", "emacs", "hx"):
        command.append(f"+{line}")
    command.append(str(file))
    from textual.app import SuspendNotSupported

    try:
        with app.suspend():
            subprocess.run(command, check=False)
    except SuspendNotSupported as error:
        raise Unavailable("An editor cannot be opened from here.") from error
    except OSError as error:
        raise MorganError(f"{command[0]} could not be started: {error.strerror}.") from error


def _has_desktop() -> bool:
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
