"""EPUB books: the chapters in reading order, under the titles of the table of contents."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.archive import Archive, Bomb, is_zip
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.html_content import whole_body
from morgan_core.library.readers.html_render import render
from morgan_core.library.readers.markup import decode_markup, parse
from morgan_core.library.readers.xml_tree import (
    Element,
    attribute,
    child,
    children,
    name_of,
    parse_xml,
    text_of,
)
from morgan_core.types import Record

PROTECTED = "protected by DRM: only the shop's own reader can open it"

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Fonts are garbled so in books without protection (EPUB 3.3 §4.4, and Adobe's older way).
_GARBLED_FONTS = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_PAGES = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document"))
_CONTENTS = "application/x-dtbncx+xml"
_FIELDS = {"creator": "author", "language": "language", "publisher": "publisher", "date": "created"}


class _Item(Record, frozen=True):
    """A file of the book: ``path`` within the archive."""

    path: str
    type: str
    is_contents: bool


def read_epub(source: Source) -> Extracted:
    """The text of all chapters; each begins a unit."""
    archive = Archive(source.content)
    package_path = _package_path(archive)
    package = parse_xml(archive.read(package_path), package_path)
    items = _items(package, package_path)
    spine = _spine(package, items)
    _refuse_protected(archive, {item.path for item in spine})
    titles = _titles(archive, items)
    builder = Builder()
    missing = 0
    for item in spine:
        if item.path in archive:
            _add_chapter(builder, archive.read(item.path), titles.get(item.path, ""))
        else:
            missing += 1
    if not spine or missing == len(spine):
        raise UnreadableFile("a damaged EPUB book: its chapters are missing")
    title, metadata = _metadata(package)
    if missing:
        metadata["missing_chapters"] = str(missing)
    return builder.extracted("epub", title=title or None, metadata=metadata)


def _package_path(archive: Archive) -> str:
    container = parse_xml(archive.read(_CONTAINER), _CONTAINER)
    path = attribute(child(container, "rootfiles", "rootfile"), "full-path")
    if not path:
        raise UnreadableFile("a damaged EPUB book: it does not say where its contents are")
    return path


def _items(package: Element, package_path: str) -> dict[str, _Item]:
    return {
        attribute(element, "id") or "": _Item(
            path=_path(package_path, attribute(element, "href") or ""),
            type=(attribute(element, "media-type") or "").lower(),
            is_contents="nav" in (attribute(element, "properties") or "").split(),
        )
        for element in children(child(package, "manifest"), "item")
    }


def _spine(package: Element, items: dict[str, _Item]) -> list[_Item]:
    references = children(child(package, "spine"), "itemref")
    found = (items.get(attribute(reference, "idref") or "") for reference in references)
    return [item for item in found if item and item.type in _PAGES and not item.is_contents]


def _refuse_protected(archive: Archive, chapters: set[str]) -> None:
    if _ENCRYPTION not in archive:
        return
    for data in children(parse_xml(archive.read(_ENCRYPTION), _ENCRYPTION), "EncryptedData"):
        method = attribute(child(data, "EncryptionMethod"), "Algorithm")
        where = attribute(child(data, "CipherData", "CipherReference"), "URI") or ""
        if method not in _GARBLED_FONTS and unquote(where) in chapters:
            raise UnreadableFile(PROTECTED)


def _titles(archive: Archive, items: dict[str, _Item]) -> dict[str, str]:
    """The first title that the table of contents has for each file. A book without a readable
    one has the headings in its chapters."""
    titles: dict[str, str] = {}
    for item in items.values():
        if item.path not in archive:
            continue
        try:
            if item.is_contents:
                _read_navigation(archive.read(item.path), item.path, titles)
            elif item.type == _CONTENTS:
                _read_ncx(archive.read(item.path), item.path, titles)
        except Bomb:
            raise
        except UnreadableFile:
            continue
    return titles


def _read_navigation(content: bytes, path: str, titles: dict[str, str]) -> None:
    tree = parse(decode_markup(content)[0])
    for nav in tree.css("nav"):
        if "toc" in (nav.attributes.get("epub:type") or "toc"):
            for link in nav.css("a[href]"):
                target = _path(path, link.attributes.get("href") or "")
                titles.setdefault(target, line_of(link.text(deep=True)))


def _read_ncx(content: bytes, path: str, titles: dict[str, str]) -> None:
    for element in parse_xml(content, path).iter():
        if name_of(element) == "navPoint":
            target = _path(path, attribute(child(element, "content"), "src") or "")
            titles.setdefault(target, line_of(text_of(child(element, "navLabel"))))


def _add_chapter(builder: Builder, content: bytes, title: str) -> None:
    tree = parse(decode_markup(content)[0])
    builder.cut()
    if title and tree.css_first("h1, h2, h3, h4, h5, h6") is None:
        builder.heading(title, 1)
    chapter = whole_body(tree)
    if chapter is not None:
        render(chapter, builder)


def _metadata(package: Element) -> tuple[str, dict[str, str]]:
    title, fields = "", dict[str, str]()
    described = child(package, "metadata")
    for element in described if described is not None else ():
        name, value = name_of(element), line_of(text_of(element))[:1000]
        if not value:
            continue
        if name == "title":
            title = title or value
        elif key := _FIELDS.get(name):
            fields[key] = f"{fields[key]}, {value}"[:1000] if key in fields else value
    return title, fields


def _path(base: str, href: str) -> str:
    """The member that ``href`` in the member ``base`` leads to."""
    joined = posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0]))
    return posixpath.normpath(joined).lstrip("/")


def _claims(source: Source) -> bool:
    # The type stands uncompressed at the beginning (EPUB OCF §4.3), where books keep to that.
    return is_zip(source.content) and (
        source.suffix == ".epub" or b"mimetypeapplication/epub+zip" in source.content[:200]
    )


FORMAT = Format(name="epub", rank=11, claims=_claims, read=read_epub)
