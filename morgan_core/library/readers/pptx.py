"""PowerPoint presentations: slide by slide, as an audience reads them, with the notes.

The XML is walked here because python-pptx brings a writer of workbooks with it and passes over
diagrams and the paragraphs of formulas.
"""

from __future__ import annotations

from collections.abc import Iterator

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.office_math import formula
from morgan_core.library.readers.ooxml import Package, office_kind
from morgan_core.library.readers.pptx_places import Box, boxes_of_layout, in_reading_order
from morgan_core.library.readers.tables import add_table
from morgan_core.library.readers.xml_tree import (
    Element,
    attribute,
    child,
    children,
    name_of,
    number,
    text_of,
)

_TITLES = frozenset(("title", "ctrTitle"))
_FURNITURE = frozenset(("sldNum", "dt", "ftr", "hdr"))
_NO_TITLE = frozenset(("powerpoint presentation", "presentation", "slide 1", "untitled"))


def read_pptx(source: Source) -> Extracted:
    """Each slide is a page: its title as heading, its shapes from top to bottom, tables, the
    texts of charts and diagrams, comments, and the speaker's notes. Hidden slides say so."""
    package = Package(source.content)
    metadata = package.properties()
    presentation = package.xml(package.main)
    parts = package.relations(package.main)
    builder = Builder()
    count = 0
    for entry in children(child(presentation, "sldIdLst"), "sldId"):
        relation = next((parts[key] for key in _references(entry) if key in parts), None)
        if relation is not None and relation.target in package.archive:
            count += 1
            _Slide(package, relation.target, builder).add(count)
    title = metadata.get("title", "")
    if title.lower() in _NO_TITLE:
        title = ""
    return builder.extracted("pptx", title=title or None, metadata=metadata)


def _references(entry: Element) -> list[str]:
    # The slide's own id has the same name in no namespace.
    return [value for key, value in entry.attrib.items() if key.endswith("}id")]


class _Slide:
    def __init__(self, package: Package, part: str, builder: Builder) -> None:
        self._package = package
        self._part = part
        self._builder = builder
        self._relations = package.relations(part)
        layout = package.related(part, "slideLayout")
        self._boxes = boxes_of_layout(package.xml(layout)) if layout else {}

    def add(self, count: int) -> None:
        root = self._package.xml(self._part)
        hidden = attribute(root, "show") in ("0", "false")
        self._builder.page()
        self._builder.place(f"slide {count} (hidden)" if hidden else f"slide {count}")
        tree = child(root, "cSld", "spTree")
        shapes = list(_shapes(tree, self._boxes))
        title = next((shape for shape, _ in shapes if _placeholder(shape) in _TITLES), None)
        if title is not None and (text := line_of(" ".join(_paragraphs(child(title, "txBody"))))):
            self._builder.heading(text, 1)
        for shape in in_reading_order([one for one in shapes if one[0] is not title]):
            self._add_shape(shape)
        self._add_comments()
        self._add_notes()

    def _add_shape(self, shape: Element) -> None:
        name = name_of(shape)
        if name == "grpSp":
            for inner in in_reading_order(list(_shapes(shape, {}))):
                self._add_shape(inner)
        elif name == "graphicFrame":
            self._add_graphic(shape)
        elif name in ("sp", "cxnSp") and _placeholder(shape) not in _FURNITURE:
            self._builder.add("\n".join(_paragraphs(child(shape, "txBody"))))
        elif name == "pic":
            properties = child(shape, "nvPicPr", "cNvPr")
            if description := line_of(attribute(properties, "descr") or ""):
                self._builder.add(f"[picture: {description}]")

    def _add_graphic(self, frame: Element) -> None:
        data = child(frame, "graphic", "graphicData")
        for element in data if data is not None else ():
            name = name_of(element)
            if name == "tbl":
                rows = [_row(row) for row in children(element, "tr")]
                header = attribute(child(element, "tblPr"), "firstRow") in ("1", "true")
                add_table(self._builder, enumerate(rows, start=1), header=True if header else None)
            elif name == "chart":
                self._add_chart(attribute(element, "id") or "")
            elif name == "relIds":
                self._add_diagram(attribute(element, "dm") or "")

    def _add_diagram(self, relation: str) -> None:
        root = self._related(relation)
        points = children(child(root, "ptLst"), "pt")
        texts = [" ".join(_paragraphs(child(point, "t"))) for point in points]
        self._builder.add("\n".join(f"- {text}" for text in texts if text.strip()))

    def _add_chart(self, relation: str) -> None:
        """The chart's title and its numbers as a table, a row for each category."""
        chart = child(self._related(relation), "chart")
        plot = child(chart, "plotArea")
        title = child(chart, "title")
        if title is not None:
            self._builder.add(
                " ".join(one.text or "" for one in title.iter() if name_of(one) == "t")
            )
        series = [one for one in plot.iter() if name_of(one) == "ser"] if plot is not None else []
        names = [" ".join(_points(child(one, "tx")).values()) for one in series]
        values = [_points(_first(one, "val", "yVal")) for one in series]
        categories: dict[int, str] = {}
        for one in series:
            categories = _points(_first(one, "cat", "xVal")) or categories
        rows = sorted({at for one in values for at in one})
        table = [["", *names]]
        table += [[categories.get(at, ""), *(one.get(at, "") for one in values)] for at in rows]
        if rows:
            add_table(self._builder, enumerate(table, start=1), header=any(names))

    def _add_comments(self) -> None:
        for relation in self._relations.values():
            if relation.type == "comments" and relation.target in self._package.archive:
                root = self._package.xml(relation.target)
                for comment in children(root, "cm"):
                    legacy = child(comment, "text")
                    body = [text_of(legacy)] if legacy is not None else []
                    body += [
                        " ".join(_paragraphs(one))
                        for one in comment.iter()
                        if name_of(one) == "txBody"
                    ]
                    if text := line_of(" ".join(body)):
                        self._builder.add(f"[Comment: {text}]")

    def _add_notes(self) -> None:
        part = self._package.related(self._part, "notesSlide")
        if part is None:
            return
        tree = child(self._package.xml(part), "cSld", "spTree")
        for shape in children(tree, "sp"):
            if _placeholder(shape) == "body":
                text = "\n".join(_paragraphs(child(shape, "txBody"))).strip()
                if text:
                    self._builder.add(f"Notes: {text}")

    def _related(self, relation: str) -> Element | None:
        found = self._relations.get(relation)
        if found is None or found.target not in self._package.archive:
            return None
        return self._package.xml(found.target)


def _shapes(tree: Element | None, layout: dict[str, Box]) -> Iterator[tuple[Element, Box | None]]:
    """The shapes of a slide or group with where they stand."""
    for shape in _unwrapped(tree):
        place = _placeholder_key(shape)
        yield shape, Box.of(shape) or (layout.get(place) if place else None)


def _unwrapped(tree: Element | None) -> Iterator[Element]:
    for shape in tree if tree is not None else ():
        # What newer programs show stands in Choice, for older ones in Fallback.
        if name_of(shape) == "AlternateContent":
            yield from _unwrapped(child(shape, "Choice"))
        else:
            yield shape


def _placeholder_element(shape: Element) -> Element | None:
    properties = next((one for one in shape if name_of(one).startswith("nv")), None)
    return child(properties, "nvPr", "ph")


def _placeholder(shape: Element) -> str:
    """What the placeholder is for; empty for other shapes."""
    element = _placeholder_element(shape)
    return "" if element is None else attribute(element, "type") or "obj"


def _placeholder_key(shape: Element) -> str:
    element = _placeholder_element(shape)
    return "" if element is None else attribute(element, "idx") or _placeholder(shape)


def _paragraphs(body: Element | None) -> list[str]:
    """The paragraphs of a text body, indented by their level."""
    lines = []
    for paragraph in children(body, "p"):
        text = "".join(_texts(paragraph)).strip()
        if text:
            lines.append("  " * min(number(child(paragraph, "pPr"), "lvl", 0), 8) + text)
    return lines


def _texts(element: Element) -> Iterator[str]:
    for part in element:
        name = name_of(part)
        if name == "br":
            yield "\n"
        elif name == "oMath":
            yield formula(part)
        elif name == "t":
            yield part.text or ""
        elif name == "fld" and attribute(part, "type") == "slidenum":
            continue
        elif name not in ("pPr", "rPr", "endParaRPr", "Fallback"):
            yield from _texts(part)


def _row(row: Element) -> list[str]:
    return [" ".join(_paragraphs(child(cell, "txBody"))) for cell in children(row, "tc")]


def _first(element: Element, *names: str) -> Element | None:
    return next((found for name in names if (found := child(element, name)) is not None), None)


def _points(element: Element | None) -> dict[int, str]:
    """The cached points of a chart's data, by their number."""
    found = {}
    for point in element.iter() if element is not None else ():
        if name_of(point) == "pt" and (at := number(point, "idx", -1)) >= 0:
            found[at] = line_of(text_of(child(point, "v")))
    return found


FORMAT = Format(
    name="pptx",
    rank=15,
    claims=lambda source: office_kind(source.content) == "powerpoint",
    read=read_pptx,
)
