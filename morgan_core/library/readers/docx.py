"""Word documents: what a reader of the page sees, in order.

The XML is walked here because python-docx passes over tracked insertions, text boxes, notes,
comments and list numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.docx_numbering import Numbering
from morgan_core.library.readers.docx_styles import Style, Styles
from morgan_core.library.readers.office_math import formula
from morgan_core.library.readers.ooxml import Package, office_kind
from morgan_core.library.readers.tables import add_table
from morgan_core.library.readers.xml_tree import (
    Element,
    attribute,
    child,
    children,
    name_of,
    number,
)
from morgan_core.types import Record

# What was deleted, moved away, or is there for older programs.
_LEFT_OUT = frozenset(("del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "rPr", "rt"))
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}
_SIGNS = {
    "tab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "-",
    "ptab": "\t",
}
_NO_TITLE = frozenset(("word document", "document", "microsoft word document", "untitled"))


def read_docx(source: Source) -> Extracted:
    """Paragraphs, lists and tables in order.

    Tracked insertions count as accepted. Text boxes, notes and comments follow the paragraph
    that they belong to. Running heads, and tables of contents, which repeat what follows, are
    left out.
    """
    package = Package(source.content)
    metadata = package.properties()
    reading = _Reading(package)
    reading.blocks(child(package.xml(package.main), "body"))
    title = metadata.get("title", "")
    if title.lower() in _NO_TITLE:
        title = ""
    return reading.builder.extracted(
        "docx", title=reading.title or title or None, metadata=metadata
    )


class _Paragraph(Record, frozen=True):
    """The text, and what hangs on it: text boxes (elements) and notes."""

    text: str
    boxes: tuple[Element, ...] = ()
    notes: tuple[str, ...] = ()


class _Reading:
    def __init__(self, package: Package) -> None:
        self.builder = Builder()
        self.title = ""
        self._styles = Styles(package)
        self._numbering = Numbering(package)
        self._notes = {
            kind: _notes(package, kind) for kind in ("footnotes", "endnotes", "comments")
        }
        self._number = count(1)
        self._in_list = False

    def blocks(self, container: Element | None) -> None:
        """Paragraphs and tables of ``container``, whatever they are wrapped in."""
        for element in container if container is not None else ():
            name = name_of(element)
            if name == "p":
                self._add_paragraph(element)
            elif name == "tbl":
                self._add_table(element)
            elif name not in _LEFT_OUT:
                self.blocks(element)

    def _add_paragraph(self, element: Element) -> None:
        style = self._styles.of(child(element, "pPr"))
        paragraph = self._paragraph(element)
        text = paragraph.text.strip("\n")
        label = self._label(style) if text.strip() else ""
        if style.contents:
            pass
        elif style.level is not None and text.strip():
            title = f"{label} {text}" if label and label != "-" else text
            if style.title and not self.title:
                self.title = line_of(title)
            self.builder.cut()
            self.builder.heading(title, style.level)
            self._in_list = False
        elif text.strip():
            indent = "  " * style.numbering[1] if label and style.numbering else ""
            listed = bool(label) and self._in_list
            shown = f"{indent}{label} {text}" if label else text
            self.builder.add(shown, gap="\n" if listed else "\n\n")
            self._in_list = bool(label)
        for box in paragraph.boxes:
            self.blocks(box)
        for note in paragraph.notes:
            self.builder.add(note)

    def _label(self, style: Style) -> str:
        return self._numbering.next(*style.numbering) if style.numbering else ""

    def _paragraph(self, element: Element) -> _Paragraph:
        boxes: list[Element] = []
        notes: list[str] = []
        text = "".join(self._texts(element, boxes, notes))
        return _Paragraph(text=text, boxes=tuple(boxes), notes=tuple(notes))

    def _texts(self, element: Element, boxes: list[Element], notes: list[str]) -> Iterator[str]:
        for part in element:
            name = name_of(part)
            if name == "t":
                yield part.text or ""
            elif name in _SIGNS:
                yield _SIGNS[name]
            elif name == "oMath":
                yield formula(part)
            elif name == "txbxContent":
                boxes.append(part)
            elif name in _NOTES or name == "commentReference":
                yield self._note(name, attribute(part, "id") or "", notes)
            elif name == "docPr":
                if description := line_of(attribute(part, "descr") or ""):
                    yield f"[picture: {description}]"
            elif name and name not in _LEFT_OUT:
                yield from self._texts(part, boxes, notes)

    def _note(self, reference: str, note_id: str, notes: list[str]) -> str:
        """Keep the note for the end of the paragraph; return its mark in the text."""
        if reference == "commentReference":
            note = self._notes["comments"].get(note_id)
            author = line_of(attribute(note, "author") or "")
            opening = f"[Comment by {author}: " if author else "[Comment: "
            if note is not None and (text := self._flat(note)):
                notes.append(f"{opening}{text}]")
            return ""
        note = self._notes[_NOTES[reference]].get(note_id)
        text = self._flat(note) if note is not None else ""
        if not text:
            return ""
        mark = f"[{next(self._number)}]"
        notes.append(f"{mark} {text}")
        return mark

    def _flat(self, container: Element) -> str:
        """All paragraphs below ``container`` as one line, with what hangs on them."""
        parts = []
        for element in container:
            name = name_of(element)
            if name == "p":
                paragraph = self._paragraph(element)
                label = self._label(self._styles.of(child(element, "pPr")))
                parts += [label] if label not in ("", "-") else []
                parts.append(paragraph.text)
                parts += [self._flat(box) for box in paragraph.boxes]
                parts += paragraph.notes
            elif name not in _LEFT_OUT:
                parts.append(self._flat(element))
        return line_of(" ".join(parts))

    def _add_table(self, table: Element) -> None:
        rows = [row for row in _rows(table) if not _is_deleted(row)]
        if all(len(_cells(row)) <= 1 for row in rows):
            # A frame around text, not a table.
            for row in rows:
                for cell in _cells(row):
                    self.blocks(cell)
            return
        marked = bool(rows) and child(rows[0], "trPr", "tblHeader") is not None
        self.builder.cut()
        self._in_list = False
        standing: dict[int, str] = {}
        texts = [self._row(row, standing) for row in rows]
        add_table(self.builder, enumerate(texts, start=1), header=True if marked else None)
        self.builder.cut()

    def _row(self, row: Element, standing: dict[int, str]) -> list[str]:
        """The cells' texts; one merged over several rows stands in each of them."""
        texts = [""] * _columns(child(row, "trPr", "gridBefore"), 0)
        for cell in _cells(row):
            merged = child(cell, "tcPr", "vMerge")
            column = len(texts)
            if merged is None:
                text = self._flat(cell)
                standing.pop(column, None)
            elif attribute(merged, "val") == "restart":
                text = standing[column] = self._flat(cell)
            else:
                text = standing.get(column, "")
            span = _columns(child(cell, "tcPr", "gridSpan"), 1)
            texts += [text, *[""] * (span - 1)]
        return texts


def _rows(table: Element) -> Iterator[Element]:
    for element in table:
        name = name_of(element)
        if name == "tr":
            yield element
        elif name not in _LEFT_OUT and name not in ("tblPr", "tblGrid"):
            yield from _rows(element)


def _cells(row: Element) -> list[Element]:
    cells = []
    for element in row:
        name = name_of(element)
        if name == "tc":
            cells.append(element)
        elif name in ("sdt", "sdtContent", "customXml"):
            cells += _cells(element)
    return cells


def _is_deleted(row: Element) -> bool:
    return child(row, "trPr", "del") is not None


def _columns(element: Element | None, otherwise: int) -> int:
    # Word has at most 63 columns.
    return min(number(element, "val", otherwise), 63)


def _notes(package: Package, kind: str) -> dict[str, Element]:
    part = package.related(package.main, kind)
    if part is None:
        return {}
    return {
        attribute(one, "id") or "": one
        for one in children(package.xml(part), kind.removesuffix("s"))
        if attribute(one, "type") in (None, "normal")
    }


FORMAT = Format(
    name="docx",
    rank=15,
    claims=lambda source: office_kind(source.content) == "word",
    read=read_docx,
)
