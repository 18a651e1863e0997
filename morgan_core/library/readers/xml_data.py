"""XML: the text as it stands, its elements found by their path. No entity is ever expanded."""

from __future__ import annotations

import re
from xml.parsers import expat

from morgan_core.library.readers import syntax
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.syntax import Unit
from morgan_core.library.readers.text import keep_lines

_SUFFIXES = frozenset(
    """
    .xml .xsd .xsl .xslt .svg .rss .atom .opml .plist .kml .gpx .wsdl .xliff .xlf .resx .csproj
    .vcxproj .props .targets .xaml .fb2 .dbk .tei .dita .ditamap .pom .iml .ui .qrc .rdf .owl .ts
    """.split()  # noqa: SIM905
)
_LONG_LINE = 1000
"""Characters in a line on average, from which on every element gets a line of its own."""
_HTML = re.compile(rb"<!doctype\s+html|<html\b", re.I)
_NAMED_BY = ("name", "id", "xml:id", "key", "title")
_DEEPEST = 8
_SMALL = 100
_SHORT_HEAD = 80
_BETWEEN = re.compile(r">[ \t]*<(?=[^!])")


def read_xml(source: Source) -> Extracted:
    """The elements by their names, with the attribute that tells one from another."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    lines = len(text) <= _LONG_LINE * (text.count("\n") + 1)
    if not lines:
        text = _BETWEEN.sub(">\n<", text)
    content = text.encode()
    headings, cuts = syntax.outline(text, content, _Elements().units(content))
    return Extracted(
        text=text,
        kind="xml",
        headings=headings,
        cuts=cuts,
        lines=lines,
        metadata={"encoding": encoding},
    )


class _Open:
    """An element that has begun: what its parts gave so far."""

    def __init__(self, start: int, title: str) -> None:
        self.start = start
        self.title = title
        self.units: list[Unit] = []
        self.parts = False
        self.inside = False  # of a part's unit, that other parts must end


class _Elements:
    """The elements that hold others, down to eight levels, up to the first error in the XML."""

    def __init__(self) -> None:
        self._open = [_Open(0, "")]
        self._depth = 0
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        # With a default handler expat leaves entities as they are written.
        parser.DefaultHandler = _ignore

    def units(self, content: bytes) -> list[Unit]:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError:
            while len(self._open) > 1:
                self._close(len(content))
        return self._open[0].units

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            return
        known = next((attributes[key] for key in _NAMED_BY if attributes.get(key)), "")
        title = syntax.one_line(f"{name} {known}".encode())
        self._open.append(_Open(self._parser.CurrentByteIndex, title))

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._depth < _DEEPEST:
            self._close(self._parser.CurrentByteIndex)

    def _close(self, end: int) -> None:
        element = self._open.pop()
        parent, level = self._open[-1], len(self._open)
        first = not parent.inside and not parent.units
        cut = not first or element.start - parent.start >= _SHORT_HEAD
        if end - element.start >= _SMALL and element.parts:
            unit = Unit(start=element.start, level=level, title=element.title, cut=cut)
            parent.units += [unit, *element.units]
            parent.inside = True
        elif parent.inside:
            up = max(1, level - 1)
            parent.units.append(Unit(start=element.start, level=up, title=parent.title))
            parent.inside = False
        parent.parts = True


def _ignore(_: str) -> None:
    return


def _claims(source: Source) -> bool:
    head = source.content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if _HTML.search(head):
        return False
    return head.startswith((b"<?xml", "<?xml".encode("utf-16-le"))) or (
        source.suffix in _SUFFIXES and head.startswith(b"<")
    )


FORMAT = Format(name="xml", rank=60, claims=_claims, read=read_xml)
