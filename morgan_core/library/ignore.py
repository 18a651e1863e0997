"""What ``.gitignore`` and ``.morganignore`` files say.

The syntax of both is Git's (https://git-scm.com/docs/gitignore), matched by ``pathspec``. Paths
here are those of the operating system.
"""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH116, PTH118, PTH119, PTH120
from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GITIGNORE = ".gitignore"
MORGANIGNORE = ".morganignore"
IGNORE_FILES = frozenset({GITIGNORE, MORGANIGNORE, "exclude"})

_LARGEST = 1 << 20
_GLOB = re.compile(r"[*?\[\\]")
_GIT_EXCLUDE = os.path.join(".git", "info", "exclude")


@dataclass(frozen=True, slots=True)
class Rules:
    """One ignore file: its patterns, which are relative to ``folder``.

    ``ways`` are the folders that lead to what a ``!`` pattern names, relative to ``folder``.
    """

    folder: str
    spec: GitIgnoreSpec
    ways: frozenset[str]

    def ignores(self, path: str, *, folder: bool) -> bool | None:
        """Whether ``path`` is ignored; None when no pattern matches."""
        return self.spec.check_file(self._relative(path) + ("/" if folder else "")).include

    def leads_to(self, path: str) -> bool:
        """Whether a ``!`` pattern names something below the folder ``path``."""
        return bool(self.ways) and self._relative(path).replace(os.sep, "/") in self.ways

    def _relative(self, path: str) -> str:
        return path[len(self.folder) :].lstrip(os.sep)


def decided(rules: tuple[Rules, ...], path: str, *, folder: bool) -> bool | None:
    """What the first of ``rules``, innermost first, that knows ``path`` says of it."""
    for each in rules:
        verdict = each.ignores(path, folder=folder)
        if verdict is not None:
            return verdict
    return None


def is_ignore_file(path: str) -> bool:
    """Whether a change of ``path`` changes what is left out."""
    return os.path.basename(path) in (GITIGNORE, MORGANIGNORE, ".git") or path.endswith(
        os.sep + _GIT_EXCLUDE
    )


def ruled_folder(path: str) -> str:
    """The folder that the ignore file at ``path`` speaks about."""
    if path.endswith(os.sep + _GIT_EXCLUDE):
        return path.removesuffix(os.sep + _GIT_EXCLUDE)
    return os.path.dirname(path)


def git_rules(folder: str, outer: tuple[Rules, ...]) -> tuple[Rules, ...]:
    """The Git rules in ``folder``, innermost first. A repository begins anew.

    Raises OSError, whose ``filename`` is the ignore file that cannot be read.
    """
    if os.path.lexists(os.path.join(folder, ".git")):
        outer = _rules(folder, _GIT_EXCLUDE)
    return _rules(folder, GITIGNORE) + outer


def morgan_rules(folder: str, outer: tuple[Rules, ...]) -> tuple[Rules, ...]:
    """The rules of ``.morganignore`` in ``folder``, innermost first; raises as ``git_rules``."""
    return _rules(folder, MORGANIGNORE) + outer


def git_rules_above(folder: str) -> tuple[Rules, ...]:
    """The Git rules of the repository around ``folder``, which may lie in one.

    Rules that leave out ``folder`` itself do not count: a person named it.
    """
    rules: tuple[Rules, ...] = ()
    for outer in _repository_above(folder):
        rules = git_rules(outer, rules)
    return tuple(each for each in rules if not each.ignores(folder, folder=True))


def git_files_above(folder: str) -> tuple[tuple[str, int, int, int], ...]:
    """What ``git_rules_above`` would read: paths with modification time, size and inode.

    No event tells of these files. While they stay what they are, so do the rules.
    """
    found: list[tuple[str, int, int, int]] = []
    for outer in _repository_above(folder):
        for name in (_GIT_EXCLUDE, GITIGNORE):
            path = os.path.join(outer, name)
            try:
                status = os.stat(path)
            except OSError:
                continue
            found.append((path, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def _repository_above(folder: str) -> list[str]:
    """The folders above ``folder``, from the top of the repository that it lies in; none where
    it lies in none or is the top."""
    above: list[str] = []
    inner = folder
    while not os.path.lexists(os.path.join(inner, ".git")):
        parent = os.path.dirname(inner)
        if parent == inner:
            return []
        above.append(parent)
        inner = parent
    return above[::-1]


def _rules(folder: str, name: str) -> tuple[Rules, ...]:
    lines = _read(os.path.join(folder, name))
    if not lines:
        return ()
    return (Rules(folder, _compile(lines), _ways(lines)),)


def _read(path: str) -> tuple[str, ...]:
    """The patterns in the ignore file at ``path``; none when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        # Whoever opens a folder that is closed to us will say so.
        closed = error.errno == errno.EACCES and not os.access(os.path.dirname(path), os.X_OK)
        if closed or error.errno in (errno.ELOOP, errno.ENXIO):
            return ()
        raise
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ()
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return tuple(_line(line) for line in lines if line.strip() and not line.startswith("#"))


def _line(line: str) -> str:
    """The pattern as ``pathspec`` must be given it, to mean what Git means.

    What is in a folder does not include the folder, but pathspec matches ``docs/`` by ``docs/**``.
    """
    line = line.rstrip(" ") if not line.rstrip(" ").endswith("\\") else line
    return line + "/*" if line.endswith("/**") else line


@lru_cache(maxsize=512)
def _compile(lines: tuple[str, ...]) -> GitIgnoreSpec:
    """A pattern that is none matches nothing, as in Git."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


@lru_cache(maxsize=512)
def _ways(lines: tuple[str, ...]) -> frozenset[str]:
    ways: set[str] = set()
    for line in lines:
        if not line.startswith("!"):
            continue
        way = ""
        for part in line[1:].strip().lstrip("/").split("/")[:-1]:
            if _GLOB.search(part):
                break
            way = f"{way}/{part}" if way else part
            ways.add(way)
    return frozenset(ways)
