"""OpenDocument texts and presentations (ODT, ODP), as a reader of the page sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from morgan_core.library.readers.archive import Archive
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.opendocument import opendocument_kind, properties
from morgan_core.library.readers.tables import add_table
from morgan_core.library.readers.xml_tree import (
    Element,
    attribute,
    child,
    children,
    name_of,
    number,
    parse_xml,
)

_INDEXES = ("table-of-content", "illustration-index", "table-index", "object-index")
_LEFT_OUT = frozenset(
    (*_INDEXES, "alphabetical-index", "tracked-changes", "forms", "sequence-decls", "ruby-text")
)
_HANGING = frozenset(("note", "annotation", "text-box"))
_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_REPEATED = 1000
"""Cells and spaces that repeat more often are padding."""


def read_opendocument(source: Source) -> Extracted:
    """Headings, paragraphs, lists and tables in order; each slide is a page.

    Tracked insertions count as accepted. Text boxes, notes and comments follow the paragraph
    that they belong to; tables of contents, which repeat what follows, are left out.
    """
    archive = Archive(source.content)
    metadata = properties(archive)
    root = parse_xml(archive.read("content.xml"), "content.xml")
    presentation = opendocument_kind(source.content) == "presentation"
    reading = _Reading(_parents(root))
    body = child(root, "body", "presentation" if presentation else "text")
    if presentation:
        for at, page in enumerate(children(body, "page"), start=1):
            reading.slide(page, at)
    else:
        reading.blocks(body)
    title = reading.title or metadata.get("title") or None
    return reading.builder.extracted(
        "odp" if presentation else "odt", title=title, metadata=metadata
    )


class _Reading:
    def __init__(self, parents: dict[str, str]) -> None:
        self.builder = Builder()
        self.title = ""
        self._parents = parents
        self._number = count(1)
        self._depth = 0
        self._bullet = False
        self._listed = False

    def slide(self, page: Element, at: int) -> None:
        """The title first, then the frames as they stand in the file, then the notes."""
        self.builder.page()
        self.builder.place(f"slide {at}")
        frames = [one for one in page if name_of(one) != "notes"]
        titles = [one for one in frames if attribute(one, "class") == "title"]
        for title in titles[:1]:
            self.builder.heading(self._flat(title), 1)
        for frame in frames:
            if frame not in titles[:1]:
                self.blocks([frame])
        for notes in children(page, "notes"):
            if text := self._flat(notes):
                self.builder.add(f"Notes: {text}")

    def blocks(self, container: Element | list[Element] | None) -> None:
        """Paragraphs and tables of ``container``, whatever they are wrapped in."""
        for element in container if container is not None else ():
            name = name_of(element)
            if name in ("p", "h"):
                self._add_paragraph(element)
            elif name == "table":
                self._add_table(element)
            elif name == "list":
                self._add_list(element)
            elif name and name not in _LEFT_OUT:
                self.blocks(element)

    def _add_list(self, element: Element) -> None:
        self._depth += 1
        for item in element:
            self._bullet = name_of(item) == "list-item"
            self.blocks(item)
        self._depth -= 1
        self._bullet = False

    def _add_paragraph(self, element: Element) -> None:
        hanging: list[Element] = []
        text = self._text(element, hanging)
        if name_of(element) == "h":
            self.builder.cut()
            self.builder.heading(text, max(1, number(element, "outline-level", 1)))
        elif text and self._is_title(element):
            self.title = self.title or line_of(text)
            self.builder.heading(text, 1)
        elif text:
            bullet = "  " * (self._depth - 1) + "- " if self._bullet else ""
            gap = "\n" if self._depth and self._listed else "\n\n"
            self.builder.add(bullet + text, gap=gap)
        if text:
            self._listed = self._depth > 0
            self._bullet = False
        for one in hanging:
            if name_of(one) == "text-box":
                self.blocks(one)
            else:
                self.builder.add(self._note(one))

    def _note(self, element: Element) -> str:
        if name_of(element) == "annotation":
            creator = child(element, "creator")
            author = line_of(creator.text or "") if creator is not None else ""
            text = self._flat(element)
            return f"[Comment by {author}: {text}]" if author else f"[Comment: {text}]"
        mark = attribute(element, "mark") or ""
        return f"{mark} {self._flat(child(element, 'note-body'))}"

    def _text(self, element: Element, hanging: list[Element]) -> str:
        parts = self._texts(element, hanging)
        return _SPACE.sub(" ", "".join(parts)).replace("\0", " ").replace("\v", "\n").strip()

    def _texts(self, element: Element, hanging: list[Element]) -> Iterator[str]:
        """Text in order; what stands for white space that counts is ``\\0`` or ``\\v``."""
        yield element.text or ""
        for part in element:
            name = name_of(part)
            if name == "s":
                yield "\0" * min(number(part, "c", 1), _MOST_REPEATED)
            elif name == "tab":
                yield "\0"
            elif name == "line-break":
                yield "\v"
            elif name in _HANGING:
                hanging.append(part)
                if name == "note":
                    mark = f"[{next(self._number)}]"
                    part.set("mark", mark)
                    yield mark
            elif name and name not in _LEFT_OUT:
                yield from self._texts(part, hanging)
            yield part.tail or ""

    def _flat(self, container: Element | None) -> str:
        """All paragraphs below ``container`` as one line, with what hangs on them."""
        parts: list[str] = []
        for element in container if container is not None else ():
            name = name_of(element)
            if name in ("p", "h"):
                hanging: list[Element] = []
                parts.append(self._text(element, hanging))
                parts += [
                    self._flat(one) if name_of(one) == "text-box" else self._note(one)
                    for one in hanging
                ]
            elif name and name not in _LEFT_OUT:
                parts.append(self._flat(element))
        return line_of(" ".join(parts))

    def _add_table(self, table: Element) -> None:
        self.builder.cut()
        header = child(table, "table-header-rows") is not None
        rows = [self._row(row) for row in _rows(table)]
        add_table(self.builder, enumerate(rows, start=1), header=True if header else None)
        self.builder.cut()
        self._listed = False

    def _row(self, row: Element) -> list[str]:
        cells: list[str] = []
        for cell in row:
            if name_of(cell) in ("table-cell", "covered-table-cell"):
                repeated = number(cell, "number-columns-repeated", 1)
                cells += [self._flat(cell)] * (repeated if repeated <= _MOST_REPEATED else 1)
        return cells

    def _is_title(self, paragraph: Element) -> bool:
        style = attribute(paragraph, "style-name") or ""
        return "Title" in (style, self._parents.get(style))


def _rows(table: Element) -> Iterator[Element]:
    for element in table:
        name = name_of(element)
        if name == "table-row":
            yield element
        elif name in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(element)


def _parents(root: Element) -> dict[str, str]:
    """The style that each of the document's own styles is based on."""
    return {
        attribute(one, "name") or "": attribute(one, "parent-style-name") or ""
        for one in children(child(root, "automatic-styles"), "style")
    }


def _claims(source: Source) -> bool:
    return opendocument_kind(source.content) in ("text", "presentation")


FORMAT = Format(name="opendocument", rank=15, claims=_claims, read=read_opendocument)
