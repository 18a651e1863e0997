"""What Word's styles say of a paragraph: heading level, numbering."""

from __future__ import annotations

import re

from morgan_core.library.readers.ooxml import Package
from morgan_core.library.readers.xml_tree import Element, attribute, child, children, number
from morgan_core.types import Record

# Names of built-in styles stand in English in every localised file, only their ids differ.
_HEADING = re.compile(r"heading ([1-9])")
_CONTENTS = re.compile(r"toc(?: heading| ?\d)|table of figures|index (?:\d|heading)")
_NO_LEVEL = 9
_DEEPEST = 16


class Style(Record, frozen=True):
    """``level`` is that of a heading, from 1; ``numbering`` is a list's id and level."""

    level: int | None = None
    title: bool = False
    contents: bool = False
    numbering: tuple[str, int] | None = None


PLAIN = Style()


class Styles:
    """The paragraph styles of a document, what they inherit included."""

    def __init__(self, package: Package) -> None:
        part = package.related(package.main, "styles")
        elements = children(package.xml(part), "style") if part else []
        self._elements = {attribute(one, "styleId") or "": one for one in elements}
        self._known: dict[str, Style] = {}

    def of(self, properties: Element | None) -> Style:
        """The style of a paragraph with these ``properties`` (pPr)."""
        if properties is None:
            return PLAIN
        style = self._named(attribute(child(properties, "pStyle"), "val") or "", 0)
        return _merge(properties, style)

    def _named(self, name: str, depth: int) -> Style:
        if name not in self._elements or depth > _DEEPEST:
            return PLAIN
        if name not in self._known:
            element = self._elements[name]
            based_on = self._named(attribute(child(element, "basedOn"), "val") or "", depth + 1)
            self._known[name] = _style(element, based_on)
        return self._known[name]


def _style(element: Element, based_on: Style) -> Style:
    name = (attribute(child(element, "name"), "val") or "").lower()
    heading = _HEADING.fullmatch(name)
    own = Style(
        level=int(heading[1]) if heading else 1 if name == "title" else based_on.level,
        title=name == "title" or based_on.title,
        contents=_CONTENTS.fullmatch(name) is not None or based_on.contents,
        numbering=based_on.numbering,
    )
    return _merge(child(element, "pPr"), own)


def _merge(properties: Element | None, style: Style) -> Style:
    """``style`` as changed by ``properties``."""
    level, numbering = style.level, style.numbering
    outline = child(properties, "outlineLvl")
    if outline is not None:
        depth = number(outline, "val", _NO_LEVEL)
        level = depth + 1 if depth < _NO_LEVEL else None
    listed = child(properties, "numPr")
    if listed is not None:
        list_id, depth = numbering or ("", 0)
        own = attribute(child(listed, "numId"), "val")
        numbering = (
            list_id if own is None else own,
            number(child(listed, "ilvl"), "val", depth),
        )
    return Style(level=level, title=style.title, contents=style.contents, numbering=numbering)
