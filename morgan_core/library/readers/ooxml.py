"""Office files of the zip kind (OOXML, ISO/IEC 29500): parts and how they hang together."""

from __future__ import annotations

import logging
import posixpath
from typing import Literal
from urllib.parse import unquote

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.archive import Archive, is_zip
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.xml_tree import Element, attribute, child, name_of, parse_xml
from morgan_core.types import Record

log = logging.getLogger(__name__)

OfficeKind = Literal["word", "powerpoint", "excel"]

_CONTENT_TYPES = "[Content_Types].xml"
_KINDS: tuple[tuple[str, OfficeKind], ...] = (
    ("wordprocessingml", "word"),
    ("ms-word", "word"),
    ("presentationml", "powerpoint"),
    ("ms-powerpoint", "powerpoint"),
    ("spreadsheetml", "excel"),
    ("ms-excel", "excel"),
)
_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "created": "created",
    "modified": "modified",
}


class Relation(Record, frozen=True):
    """A part that another one refers to: the last word of its ``type`` and its name."""

    type: str
    target: str


class Package:
    """An Office file. Raises UnreadableFile for what is damaged, encrypted or a bomb."""

    def __init__(self, content: bytes) -> None:
        self.archive = Archive(content)
        self.main = next(
            (one.target for one in self.relations("").values() if one.type == "officeDocument"), ""
        )
        if not self.main:
            raise UnreadableFile("damaged: an Office file without a document in it")

    @property
    def kind(self) -> OfficeKind | None:
        """What the content type of the main part says."""
        types = self.xml(_CONTENT_TYPES)
        ending = self.main.rpartition(".")[2].lower()
        default = ""
        for one in types:
            content_type = attribute(one, "ContentType") or ""
            if (attribute(one, "PartName") or "").lstrip("/").lower() == self.main.lower():
                return _kind(content_type)
            if (attribute(one, "Extension") or "").lower() == ending:
                default = content_type
        return _kind(default)

    def xml(self, part: str) -> Element:
        """The root element of ``part``."""
        return parse_xml(self.archive.read(part), part)

    def relations(self, part: str) -> dict[str, Relation]:
        """What ``part`` refers to inside the file, by id; "" is the file as a whole."""
        folder, name = posixpath.split(part)
        where = posixpath.join(folder, "_rels", f"{name}.rels")
        if where not in self.archive:
            return {}
        return {
            attribute(one, "Id") or "": Relation(
                type=(attribute(one, "Type") or "").rpartition("/")[2],
                target=_inside(folder, attribute(one, "Target") or ""),
            )
            for one in self.xml(where)
            if name_of(one) == "Relationship" and attribute(one, "TargetMode") != "External"
        }

    def related(self, part: str, kind: str) -> str | None:
        """The part that ``part`` refers to by a relation of this type, when it is there."""
        for one in self.relations(part).values():
            if one.type == kind and one.target in self.archive:
                return one.target
        return None

    def properties(self) -> dict[str, str]:
        """Title, author and the like (docProps/core.xml), those that are filled in."""
        part = self.related("", "core-properties")
        if part is None:
            return {}
        found = {}
        try:
            root = self.xml(part)
        except UnreadableFile as error:
            log.info("its properties are not read: %s", error.message)
            return {}
        for name, key in _PROPERTIES.items():
            element = child(root, name)
            if element is not None and (value := line_of(element.text or "")):
                found[key] = value
        return found


def office_kind(content: bytes) -> OfficeKind | None:
    """What kind of Office file it is; None for every other file and for damaged ones."""
    if not is_zip(content):
        return None
    try:
        return Package(content).kind
    except UnreadableFile:
        return None


def _kind(content_type: str) -> OfficeKind | None:
    return next((kind for word, kind in _KINDS if word in content_type.lower()), None)


def _inside(folder: str, target: str) -> str:
    if target.startswith("/"):
        return unquote(target.lstrip("/"))
    return posixpath.normpath(posixpath.join(folder, unquote(target)))
