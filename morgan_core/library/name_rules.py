"""What names alone say: files and folders that are left out wherever they lie."""

from __future__ import annotations

import re

from morgan_core.library.secret_files import is_secret

SECRET = "secret"
HIDDEN = "hidden"
TOOL_OUTPUT = "tool output"

VERSION_CONTROL = frozenset({".git", ".hg", ".svn"})
_TOOL_FOLDERS = frozenset(
    {"node_modules", "__pycache__", "site-packages", "bower_components", "lost+found", "__MACOSX"}
)
_TEMPORARY = re.compile(
    r"~\$.*|.*~|.*\.(?:swp|swx|tmp|temp|part|partial|crdownload|download)", re.I
)


def why_skip_file_name(name: str) -> str:
    """The reason why a file of this name is left out; empty when it is not."""
    if name.startswith("."):
        return HIDDEN
    return "temporary" if _TEMPORARY.fullmatch(name) else ""


def why_skip_folder_name(name: str) -> str:
    """The reason why a folder of this name is left out; empty when it is not."""
    if name.startswith("."):
        return HIDDEN
    return TOOL_OUTPUT if name in _TOOL_FOLDERS else ""


def why_skip_path(path: str) -> str:
    """The reason why the file at ``path``, with slashes, is left out where no disk can be asked,
    as in an archive; empty when it is not."""
    *folders, name = path.split("/")
    if is_secret(name):
        return SECRET
    found = (why_skip_folder_name(folder) for folder in folders if folder not in ("", ".", ".."))
    return next(filter(None, found), "") or why_skip_file_name(name)
