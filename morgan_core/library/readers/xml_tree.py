"""XML from files that nobody vouches for."""

from __future__ import annotations

import re
from typing import Any

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.building import line_of

_NUMBER = re.compile("[0-9]{1,8}")

Element = Any
"""An element of lxml, which has no types of its own."""


def parse_xml(content: bytes, what: str) -> Element:
    """The root element of ``content``; ``what`` names it in the reason of an UnreadableFile.

    Entities are not expanded, nothing outside is loaded, and libxml2's limits on depth, names
    and text hold.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"damaged: {what} in it is not XML ({line_of(error.msg)})") from error
    except ValueError as error:
        raise UnreadableFile(f"damaged: {what} in it is not XML") from error


def name_of(element: Element) -> str:
    """The name without its namespace; empty for what is no element.

    Office writes one of two namespaces for the same names (ISO/IEC 29500 strict and
    transitional), so names are compared without them.
    """
    tag = element.tag
    return tag[tag.find("}") + 1 :] if isinstance(tag, str) else ""


def attribute(element: Element | None, name: str) -> str | None:
    """The attribute called ``name`` in whatever namespace; None when it is not there."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if key[key.find("}") + 1 :] == name:
            return str(value)
    return None


def number(element: Element | None, name: str, otherwise: int) -> int:
    """The attribute called ``name`` as a whole number from 0 to 99,999,999."""
    value = attribute(element, name)
    return int(value) if value and _NUMBER.fullmatch(value) else otherwise


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along ``path``, one name for each level."""
    for name in path:
        if element is None:
            return None
        element = next((one for one in element if name_of(one) == name), None)
    return element


def children(element: Element | None, name: str) -> list[Element]:
    return [one for one in element if name_of(one) == name] if element is not None else []


def text_of(element: Element | None) -> str:
    """All text in ``element``."""
    return "".join(element.itertext()) if element is not None else ""
