"""Plain text, and every format that is text and has no reader of its own yet."""

from __future__ import annotations

import re

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.sanitise import sanitise

_KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".log": "log",
    ".xml": "xml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".tex": "latex",
    ".rst": "text",
    ".org": "text",
    ".txt": "text",
}
_CODE = """
.bash .c .cc .cfg .clj .cpp .cs .css .cxx .dart .el .erl .ex .exs .fs .go .gradle .groovy .h .hpp
.hs .ini .java .jl .js .jsx .kt .kts .lisp .lua .m .mjs .ml .nim .php .pl .pm .proto .ps1 .py .pyi
.r .rb .rs .scala .scm .sh .sql .swift .tcl .tf .ts .tsx .vb .vue .zig .zsh
"""
_CODE_SUFFIXES = frozenset(_CODE.split())
_EXTRA_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def read_text(source: Source) -> Extracted:
    """The file's text as it stands."""
    raw, encoding = decode(source.content)
    text = tidy(sanitise(raw))
    return Extracted(text=text, kind=_kind(source, text), metadata={"encoding": encoding})


def tidy(text: str) -> str:
    """Without blank lines at both ends, and with at most two blank lines in a row."""
    return _EXTRA_BLANK_LINES.sub("\n\n\n", text).strip("\n")


def _kind(source: Source, text: str) -> str:
    if source.suffix in _CODE_SUFFIXES or text.startswith("#!"):
        return "code"
    return _KINDS.get(source.suffix, "text")


FORMAT = Format(name="text", rank=100, claims=lambda source: True, read=read_text)
