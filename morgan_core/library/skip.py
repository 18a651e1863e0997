"""Which files a folder's documents are not among: hidden ones, build output, secrets."""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH118, PTH206
from __future__ import annotations

import os
import re

_TOOL_FOLDERS = frozenset(
    {"node_modules", "__pycache__", "site-packages", "bower_components", "lost+found"}
)
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
_TEMPORARY = re.compile(
    r"~\$.*|.*~|.*\.(?:swp|swx|tmp|temp|part|partial|crdownload|download)", re.I
)
_SECRET = re.compile(
    r"\.env(?:\..*)?|\.netrc|\.pgpass|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|"
    r".*\.(?:ppk|p12|pfx|kdbx|jks|keystore)",
    re.I,
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]{0,40}PRIVATE KEY")


def is_secret(name: str) -> bool:
    """Whether a file of this name holds keys or passwords, and is never read."""
    return _SECRET.fullmatch(name) is not None


def holds_private_key(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is a private key in PEM."""
    return _PRIVATE_KEY.match(head.lstrip()[:100]) is not None


def why_skip_file(name: str) -> str:
    """The reason why a file in a folder is not taken in; empty when it is."""
    if is_secret(name):
        return "secret"
    if name.startswith("."):
        return "hidden"
    if _TEMPORARY.fullmatch(name):
        return "temporary"
    return ""


def why_skip_folder(parent: str, name: str) -> str:
    """The reason why the folder ``name`` in ``parent`` is not entered; empty when it is.

    A folder that is called like build output is only that where a project or a cache tag says so
    (https://bford.info/cachedir/).
    """
    if name.startswith("."):
        return "hidden"
    if name in _TOOL_FOLDERS:
        return "tool output"
    path = os.path.join(parent, name)
    if name in _BUILD_FOLDERS and (
        os.path.lexists(os.path.join(path, "CACHEDIR.TAG"))
        or any(os.path.lexists(os.path.join(parent, file)) for file in _PROJECT_FILES)
    ):
        return "build output"
    if os.path.lexists(os.path.join(path, "pyvenv.cfg")):
        return "virtual environment"
    return ""


def why_skip(path: str, root: str) -> str:
    """The reason why ``path``, which need not exist, is skipped below ``root``; empty if not."""
    if path == root:
        return ""
    *folders, name = os.path.relpath(path, root).split(os.sep)
    parent = root
    for folder in folders:
        if reason := why_skip_folder(parent, folder):
            return reason
        parent = os.path.join(parent, folder)
    return why_skip_file(name)
