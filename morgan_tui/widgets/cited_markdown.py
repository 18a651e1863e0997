"""Markdown of an answer: ``[2]`` is a link to a source, and verdicts mark its sentences.

Imported only when the first answer is shown, because the parser costs start-up time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from textual.content import Content
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownBlock, MarkdownFence

from morgan_core.types import Sentence
from morgan_tui.text import clean
from morgan_tui.widgets.growing_lists import BulletList, OrderedList

CITATION = re.compile(r"\[(\d{1,3})\](?!\()")
SCHEME = "cite:"

MARKS = {"partly": (" ≈", "$warning"), "unsupported": (" ✗", "$error")}


def _cite(state: StateInline, silent: bool) -> bool:
    """markdown-it rule: ``[2]`` becomes a link to ``cite:2``."""
    match = CITATION.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": SCHEME + match[1]}
        state.push("text", "", 0).content = match[0]
        state.push("link_close", "a", -1)
    state.pos = match.end()
    return True


def _clean_tokens(state: StateCore) -> None:
    """markdown-it rule: what entities decoded to passes the boundary again."""
    for token in state.tokens:
        for child in token.children or ():
            child.content = clean(child.content)
            for name in ("href", "src"):
                if name in child.attrs:
                    child.attrs[name] = clean(str(child.attrs[name]))


def make_parser() -> MarkdownIt:
    """CommonMark with tables and strike-through; HTML is shown as the text it is."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.inline.ruler.before("link", "cite", _cite)
    parser.core.ruler.push("clean", _clean_tokens)
    return parser


_parser: MarkdownIt | None = None


def shared_parser() -> MarkdownIt:
    """The one parser of the app; building it costs a millisecond."""
    global _parser
    if _parser is None:
        _parser = make_parser()
    return _parser


class CitedMarkdown(Markdown):
    """Links are never opened by themselves: ``LinkClicked`` says what was pressed."""

    DEFAULT_CSS = """
    CitedMarkdown {
        padding: 0;
        margin: 0;
        background: transparent;
    }
    CitedMarkdown MarkdownBlock {
        link-background-hover: $panel;
    }
    CitedMarkdown MarkdownH1, CitedMarkdown MarkdownH2, CitedMarkdown MarkdownH3 {
        margin: 1 0 1 0;
        content-align: left middle;
    }
    """

    BLOCKS = Markdown.BLOCKS | {
        "bullet_list_open": BulletList,
        "ordered_list_open": OrderedList,
    }

    def __init__(self, text: str = "") -> None:
        super().__init__(text or None, parser_factory=shared_parser, open_links=False)

    async def grow(self, text: str) -> None:
        """Append ``text``: only what can still change is parsed and drawn again, which is the last
        block, or of a list its last item.

        Like Textual's ``append``, which parses lists from their beginning.
        """
        async with self.lock:
            self._markdown += text
            begin = self._last_parsed_line
            open_source = "".join(self._markdown.splitlines(keepends=True)[begin:])
            tokens = shared_parser().parse(open_source)
            self._last_parsed_line = begin + _last_beginning(tokens)
            blocks = list(self._parse_markdown(tokens))
            for block in blocks:
                first, last = block.source_range
                block.source_range = (begin + first, begin + last)
            known = [child for child in self.children if isinstance(child, MarkdownBlock)]
            with self.app.batch_update():
                if known and blocks:
                    await _continue(known[-1], blocks.pop(0))
                if blocks:
                    await self.mount_all(blocks)

    def show_verdicts(self, sentences: Sequence[Sentence]) -> None:
        """Mark the sentences that the sources do not, or only partly, support.

        ``start`` and ``end`` of a sentence are offsets into this widget's source.
        """
        doubtful = [s for s in sentences if s.status in MARKS]
        if not doubtful:
            return
        letters = _Letters(self.source)
        for block in self._text_blocks():
            content = block._content
            offsets = letters.find(content.plain)
            if offsets is None:
                continue
            marked = _marked(content, offsets, doubtful)
            if marked is not None:
                block.set_content(marked)

    def _text_blocks(self) -> Iterable[MarkdownBlock]:
        for block in self.query(MarkdownBlock):
            if block._content.plain.strip() and not isinstance(block, MarkdownFence):
                yield block


def _last_beginning(tokens: Sequence[Token]) -> int:
    """The line of the last block or, of a list, its last item; 0 without any."""
    for token in reversed(tokens):
        item = token.type == "list_item_open" and token.level == 1
        if token.map is not None and (token.level == 0 or item):
            return token.map[0]
    return 0


async def _continue(old: MarkdownBlock, new: MarkdownBlock) -> None:
    """Let ``new`` take the place of the last block, or of its last item."""
    first = old.source_range[0] if type(old) is type(new) else new.source_range[0]
    await old._update_from_block(new)
    old.source_range = (first, new.source_range[1])


class _Letters:
    """Finds rendered text in its Markdown source by letters and digits alone, in order."""

    def __init__(self, source: str) -> None:
        self._offsets = [at for at, char in enumerate(source) if char.isalnum()]
        self._text = "".join(source[at] for at in self._offsets)
        self._position = 0

    def find(self, plain: str) -> list[tuple[int, int]] | None:
        """(offset in ``plain``, offset in the source) of each letter; None if not found."""
        places = [at for at, char in enumerate(plain) if char.isalnum()]
        text = "".join(plain[at] for at in places)
        found = self._text.find(text, self._position) if text else -1
        if found < 0:
            return None
        self._position = found + len(text)
        return [(at, self._offsets[found + n]) for n, at in enumerate(places)]


def _marked(
    content: Content, offsets: list[tuple[int, int]], sentences: Sequence[Sentence]
) -> Content | None:
    ranges: list[tuple[int, int, str]] = []
    for sentence in sentences:
        inside = [at for at, source in offsets if sentence.start <= source < sentence.end]
        if inside:
            end = inside[-1] + 1
            plain = content.plain
            while end < len(plain) and not plain[end].isspace():
                end += 1
            ranges.append((inside[0], end, sentence.status))
    if not ranges:
        return None
    parts: list[Any] = []
    position = 0
    for start, end, status in sorted(ranges):
        start, end = max(start, position), max(end, position)
        mark, colour = MARKS[status]
        parts.append(content[position:start])
        piece = content[start:end]
        parts.append(piece.stylize("$text-muted italic") if status == "unsupported" else piece)
        parts.append(Content.styled(mark, colour))
        position = end
    parts.append(content[position:])
    return Content("").join(parts)
