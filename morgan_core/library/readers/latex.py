"""LaTeX sources: what is written in them, at its lines, with the sections as headings."""

from __future__ import annotations

import re

from morgan_core.library.readers.base import Extracted, Format, Heading, Source
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.latex_text import Latex
from morgan_core.library.readers.text import keep_lines

_SUFFIXES = frozenset((".tex", ".latex", ".ltx"))
_DOCUMENT = re.compile(r"^[^%\n]*?\\begin\{document\}", re.M)
_END = re.compile(r"^[^%\n]*?\\end\{document\}", re.M)
_OPENING = re.compile(rb"(?:[ \t\r\n]|%[^\n]{0,500}\n)*\\documentclass\b")
_ABOUT = ("title", "author", "date")


def read_latex(source: Source) -> Extracted:
    """The text without comments and commands, line n at line n; formulas stay as they are.

    Of what stands before the document only title, author and date are shown.
    """
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    latex = Latex()
    begin = _DOCUMENT.search(text)
    if begin is None:
        latex.add(text)
    else:
        latex.add_only(text[: begin.start()], _ABOUT)
        end = _END.search(text, begin.end())
        latex.add(text[begin.start() : end.start() if end else len(text)])
    about = {name: line_of(value).replace(" ,", ",") for name, value in latex.about.items()}
    headings = _from_level_1(latex.headings)
    first = min(headings, key=lambda heading: heading.level, default=None)
    return Extracted(
        text=latex.text().rstrip("\n"),
        kind="latex",
        title=about.pop("title", "") or (first.title if first else ""),
        headings=headings,
        cuts=tuple(heading.offset for heading in headings if heading.offset),
        lines=True,
        metadata={name: value for name, value in about.items() if value} | {"encoding": encoding},
    )


def _from_level_1(headings: list[Heading]) -> tuple[Heading, ...]:
    highest = min((heading.level for heading in headings), default=1)
    return tuple(
        Heading(offset=h.offset, level=h.level - highest + 1, title=h.title) for h in headings
    )


def _claims(source: Source) -> bool:
    return source.suffix in _SUFFIXES or _OPENING.match(source.content[:8192]) is not None


FORMAT = Format(name="latex", rank=52, claims=_claims, read=read_latex)
