"""What is left out of a folder by default: hidden files, build output, secrets, what ignore files
name.

A ``.morganignore`` has the last word: it leaves out more, and its ``!`` patterns take back what
would be left out, wherever it lies; but no secret, and nothing of version control itself.
"""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH112, PTH118, PTH206
from __future__ import annotations

import os
from dataclasses import dataclass

from morgan_core.library.ignore import (
    GITIGNORE,
    MORGANIGNORE,
    Rules,
    decided,
    git_rules,
    git_rules_above,
    morgan_rules,
)
from morgan_core.library.name_rules import (
    HIDDEN,
    SECRET,
    VERSION_CONTROL,
    why_skip_file_name,
    why_skip_folder_name,
)
from morgan_core.library.secret_files import is_secret

_BUILD_FOLDERS = frozenset({"build", "dist", "target", "out"})
_PROJECT_FILES = (
    "pyproject.toml",
    "setup.py",
    "package.json",
    "Cargo.toml",
    "CMakeLists.txt",
    "build.gradle",
    "build.gradle.kts",
    "pom.xml",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder below a root, and the rules for what lies in it.

    Where ``shut`` is a reason, everything is left out but what ``.morganignore`` takes back.
    """

    folder: str
    git: tuple[Rules, ...]
    morgan: tuple[Rules, ...]
    shut: str = ""

    def why_skip_file(self, name: str) -> str:
        """The reason why the file is not taken in; empty when it is."""
        if is_secret(name):
            return SECRET
        if not (self.git or self.morgan):
            return self.shut or why_skip_file_name(name)
        path = os.path.join(self.folder, name)
        verdict = decided(self.morgan, path, folder=False)
        if verdict is not None:
            return MORGANIGNORE if verdict else ""
        return (
            self.shut
            or why_skip_file_name(name)
            or (GITIGNORE if decided(self.git, path, folder=False) else "")
        )

    def enter(self, name: str) -> Place | str:
        """The place that the folder ``name`` is, or the reason why it is not entered.

        Raises OSError, whose ``filename`` is the ignore file that cannot be read.
        """
        if name in VERSION_CONTROL:
            return HIDDEN
        path = os.path.join(self.folder, name)
        verdict = decided(self.morgan, path, folder=True)
        if verdict is not None:
            reason = MORGANIGNORE if verdict else ""
        else:
            reason = (
                self.shut
                or _why_skip_folder(self.folder, name)
                or (GITIGNORE if decided(self.git, path, folder=True) else "")
            )
        if reason and not any(rules.leads_to(path) for rules in self.morgan):
            return reason
        return Place(path, git_rules(path, self.git), morgan_rules(path, self.morgan), reason)


def place_of_root(root: str) -> Place:
    """The place of a root, which itself is never left out. Raises as ``Place.enter``."""
    return Place(root, git_rules(root, git_rules_above(root)), morgan_rules(root, ()))


def why_skip(path: str, root: str) -> str:
    """The reason why ``path`` is left out below ``root``; empty if it is not."""
    if path == root:
        return ""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    if os.path.isdir(path):
        folders.append(name)
    try:
        place = place_of_root(root)
        for folder in folders:
            inner = place.enter(folder)
            if isinstance(inner, str):
                return inner
            place = inner
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return "" if folders and folders[-1] is name else place.why_skip_file(name)


def _why_skip_folder(parent: str, name: str) -> str:
    """A folder that is called like build output is only that where a project or a cache tag says
    so (https://bford.info/cachedir/)."""
    if reason := why_skip_folder_name(name):
        return reason
    path = os.path.join(parent, name)
    if name in _BUILD_FOLDERS and (
        os.path.lexists(os.path.join(path, "CACHEDIR.TAG"))
        or any(os.path.lexists(os.path.join(parent, file)) for file in _PROJECT_FILES)
    ):
        return "build output"
    if os.path.lexists(os.path.join(path, "pyvenv.cfg")):
        return "virtual environment"
    return ""
