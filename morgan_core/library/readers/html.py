"""HTML pages: their main content, without navigation and without what is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.html_content import find_content
from morgan_core.library.readers.html_render import render
from morgan_core.library.readers.markup import decode_markup, opens_like_html, parse

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_SUFFIXES = frozenset((".html", ".htm", ".xhtml", ".xht", ".shtml"))
# Source code that may begin like a page.
_CODE = frozenset(
    (".vue", ".svelte", ".php", ".jsx", ".tsx", ".js", ".ts", ".py", ".rb", ".java", ".go", ".rs")
)
_LONGEST_TITLE = 300
_METADATA = (
    ("author", "meta[name=author], meta[property='article:author']"),
    ("description", "meta[name=description], meta[property='og:description']"),
    (
        "created",
        "meta[property='article:published_time'], meta[name='dcterms.date'], meta[name=date]",
    ),
    ("url", "link[rel=canonical], meta[property='og:url']"),
)


def read_html(source: Source) -> Extracted:
    """The content of a page; the title is that of its first heading or of the page."""
    raw, encoding = decode_markup(source.content)
    tree = parse(raw)
    builder = Builder()
    content = find_content(tree)
    if content is not None:
        render(content, builder)
    extracted = builder.extracted("html", title="", metadata=_metadata(tree, encoding))
    return msgspec.structs.replace(extracted, title=_title(tree, extracted))


def _title(tree: LexborHTMLParser, extracted: Extracted) -> str:
    """The page's title; where it only adds the name of the site to the heading, the heading."""
    heading = next((h.title for h in extracted.headings if h.level == 1), "")
    element = tree.css_first("head > title") or tree.css_first("title")
    title = line_of(element.text(deep=True)) if element is not None else ""
    title = title or _first(tree, "meta[property='og:title']")
    if heading and (not title or title.startswith(heading) or title.endswith(heading)):
        title = heading
    return title[:_LONGEST_TITLE] or (extracted.headings[0].title if extracted.headings else "")


def _metadata(tree: LexborHTMLParser, encoding: str) -> dict[str, str]:
    found = {name: _first(tree, selector) for name, selector in _METADATA}
    return {name: value for name, value in found.items() if value} | {"encoding": encoding}


def _first(tree: LexborHTMLParser, selector: str) -> str:
    for element in tree.css(selector):
        value = element.attributes.get("content") or element.attributes.get("href")
        if clean := line_of(value or ""):
            return clean[:1000]
    return ""


def _claims(source: Source) -> bool:
    if source.suffix in _CODE:
        return False
    return source.suffix in _SUFFIXES or opens_like_html(source.content)


FORMAT = Format(name="html", rank=40, claims=_claims, read=read_html)
