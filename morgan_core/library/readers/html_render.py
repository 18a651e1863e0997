"""The content of a web page as text: paragraphs, headings, lists, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from morgan_core.library.readers.building import LINE, PARAGRAPH, Builder
from morgan_core.library.readers.html_content import Content
from morgan_core.library.readers.html_table import read_table
from morgan_core.library.readers.html_visible import PLAIN, is_formula, visible
from morgan_core.library.readers.tables import add_table

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PARAGRAPHS = frozenset(
    [
        "p",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "dl",
        "table",
        "figure",
        "figcaption",
        "hr",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "fieldset",
        "details",
        "address",
        "form",
        "center",
        "hgroup",
    ]
)
_LINES = frozenset(
    [
        "div",
        "li",
        "dt",
        "dd",
        "tr",
        "summary",
        "caption",
        "legend",
        "body",
        "html",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "dir",
        "menu",
        "optgroup",
        "option",
        "frameset",
        "noframes",
    ]
)
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_SPACES = re.compile(r"[ \t\r\n\f\xa0]+")
_RUN = re.compile("  +")
_AROUND_BREAK = re.compile(r" *\n *")
_DEEPEST_INDENT = 8
_DEEPEST_QUOTE = 4
_ALT_WORDS = 3
_EXPONENT = re.compile(r"[-−+]?\d{1,3}")


def render(content: Content, builder: Builder) -> None:
    """Add the text of ``content`` to ``builder``: headings as headings, units cut at headings and
    tables."""
    _Renderer(content, builder).run()


class _Renderer:
    def __init__(self, content: Content, builder: Builder) -> None:
        self._root = content.root
        self._left_out = content.left_out
        self._builder = builder
        self._inline: list[str] = []
        self._gap = PARAGRAPH
        self._marker = ""
        self._lists: list[int | None] = []  # the number of the last item; None: without numbers
        self._quotes = 0
        self._pre = 0
        self._exponent = ""
        self._heading: int | None = None
        self._looks = [PLAIN]
        self._after_table = False
        self._done: set[int] = set()

    def run(self) -> None:
        for node, begins in visible(self._root, self._skip, self._looks):
            if node.is_text_node:
                self._text(node.text_content or "")
            elif begins:
                self._begin(node, node.tag or "")
            else:
                self._end(node.tag or "")
        self._flush()

    def _skip(self, node: LexborNode) -> bool:
        return self._left_out(node) or node.mem_id in self._done

    def _text(self, text: str) -> None:
        if self._exponent:
            mark, self._exponent = self._exponent, ""
            if _EXPONENT.fullmatch(text.strip()):
                text = mark + text.strip()
        self._inline.append(text if self._pre else _SPACES.sub(" ", text))

    def _begin(self, node: LexborNode, tag: str) -> None:
        attributes = node.attributes
        if tag in _HEADINGS:
            self._break(PARAGRAPH)
            self._heading = _HEADINGS[tag]
        elif tag in _PARAGRAPHS:
            # Paragraphs in a list item belong to its line.
            self._break(LINE if self._lists and tag not in ("pre", "table") else PARAGRAPH)
        elif tag in _LINES:
            self._break(LINE)
        if tag in _LISTS:
            self._lists.append(_first_number(attributes) if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._next_marker()
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "sup":
            self._exponent = "^"
        elif tag == "q":
            self._inline.append("“")
        elif tag == "img":
            self._image(attributes)
        elif tag == "math":
            self._inline.append(f" {attributes.get('alttext') or ''} ")
        elif tag == "table":
            self._table(node)

    def _end(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._flush()
            self._heading = None
            self._gap = PARAGRAPH
        elif tag == "pre":
            self._flush()
            self._pre -= 1
            self._gap = PARAGRAPH
        elif tag in _PARAGRAPHS:
            self._break(LINE if self._lists and tag not in _LISTS else PARAGRAPH)
        elif tag in _LINES:
            self._break(LINE)
        if tag in _LISTS and self._lists:
            self._lists.pop()
            self._gap = LINE if self._lists else PARAGRAPH
        elif tag == "li":
            self._marker = ""
        elif tag == "blockquote":
            self._quotes -= 1
        elif tag == "sup":
            self._exponent = ""
        elif tag == "q":
            self._inline.append("”")
        elif tag == "td":
            self._inline.append(" ")

    def _break(self, gap: str) -> None:
        self._flush()
        if gap == PARAGRAPH:
            self._gap = PARAGRAPH

    def _flush(self) -> None:
        text = "".join(self._inline)
        self._inline.clear()
        if self._pre:
            text = text.strip("\n").replace("\xa0", " ")
        else:
            text = _AROUND_BREAK.sub("\n", _RUN.sub(" ", text)).strip()
        if not text.strip():
            return
        if self._heading is not None:
            self._builder.cut()
            self._builder.heading(text, self._heading)
            return
        if self._after_table:
            self._builder.cut()
            self._after_table = False
        self._builder.add(self._with_prefix(text), gap=self._gap)
        self._gap = LINE

    def _with_prefix(self, text: str) -> str:
        """The marker of a list item before the first line, indentation and quote marks before
        every line."""
        depth = min(len(self._lists), _DEEPEST_INDENT)
        quote = "> " * min(self._quotes, _DEEPEST_QUOTE)
        marker, self._marker = self._marker, ""
        if not (depth or quote):
            return text
        before = "  " * (depth - 1) if marker else "  " * depth
        first, *rest = text.split("\n")
        lines = [f"{quote}{before}{marker}{first}"]
        lines += [f"{quote}{'  ' * depth}{line}" for line in rest]
        return "\n".join(lines)

    def _next_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _image(self, attributes: dict[str, str | None]) -> None:
        alt = " ".join((attributes.get("alt") or "").split())
        if self._looks[-1].invisible:
            return
        if is_formula(attributes):
            self._inline.append(f" {alt} ")
        elif len(alt.split()) >= _ALT_WORDS:
            self._inline.append(f" [{alt}] ")

    def _table(self, node: LexborNode) -> None:
        """Add a table of data; one that only arranges the page stays as its blocks."""
        table = read_table(node, self._left_out, self._looks[-1])
        if table is None:
            return
        self._done.update(child.mem_id for child in _children(node))
        self._builder.cut()
        self._builder.add(table.caption)
        add_table(self._builder, enumerate(table.rows, start=1), header=table.header)
        self._after_table = True


def _first_number(attributes: dict[str, str | None]) -> int:
    start = attributes.get("start") or "1"
    return int(start) - 1 if start.isascii() and start.isdigit() and len(start) < 7 else 0


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next
