"""An answer that streams shows what it would show at once, and touches only what still changes."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets._markdown import MarkdownBullet
from textual.widgets.markdown import MarkdownBlock

from morgan_tui.widgets.cited_markdown import CitedMarkdown
from tests.helpers import eventually


class Both(App[None]):
    """The same Markdown as it grows, and at once."""

    def __init__(self, whole: str) -> None:
        super().__init__()
        self.growing = CitedMarkdown()
        self.whole = CitedMarkdown(whole)

    def compose(self) -> ComposeResult:
        yield self.growing
        yield self.whole


def shown(widget: Widget) -> list[Any]:
    """Blocks, bullets and their text, as they are nested."""
    found: list[Any] = []
    for child in widget.children:
        below = shown(child)
        if isinstance(child, MarkdownBullet):
            found.append(child.symbol)
        elif isinstance(child, MarkdownBlock):
            found.append((type(child).__name__, child._content.plain, below))
        else:
            found += below
    return found


def sizes(widget: Widget) -> list[tuple[int, int]]:
    return [block.outer_size for block in widget.query(MarkdownBlock)]


WORDS = st.sampled_from(["a lease", "**June** [1].", "`x` y", "1.", "-", "next"])
LINES = st.builds(
    lambda indent, mark, words: " " * indent + mark + words,
    st.sampled_from([0, 0, 0, 2, 3, 4]),
    st.sampled_from(["", "", "- ", "- ", "* ", "1. ", "2. ", "9) ", "# ", "> ", "```\n"]),
    WORDS,
)
DOCUMENTS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\n", "\n\n"])), max_size=10).map(
    lambda lines: "".join(line + end for line, end in lines)
)


@settings(max_examples=25)
@given(DOCUMENTS, st.data())
@example("".join(f"{n}. item\n" for n in range(1, 13)), None)
@example("- a\n  - b\n  - c\n\n    more\n- d\n\n1. e\n\ntext\n", None)
def test_markdown_that_grows_shows_what_it_would_show_at_once(text: str, data: Any):
    cuts = range(0, len(text), 3)
    if data is not None:
        cuts = sorted({0, *data.draw(st.lists(st.integers(0, len(text)), max_size=8))})
    pieces = [text[a:b] for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)]

    async def grow() -> None:
        app = Both(text)
        async with app.run_test() as pilot:
            for piece in pieces:
                await app.growing.grow(piece)
            await pilot.pause()
            assert shown(app.growing) == shown(app.whole)
            await eventually(lambda: sizes(app.growing) == sizes(app.whole))
            assert app.growing.source == text

    asyncio.run(grow())


async def test_a_list_that_grows_keeps_its_earlier_items_as_they_are():
    app = Both("")
    async with app.run_test():
        await app.growing.grow("- one\n- two\n- three")
        before = list(app.growing.query(MarkdownBlock))
        await app.growing.grow(" and more\n- four")
        after = list(app.growing.query(MarkdownBlock))
    assert after[: len(before)] == before
    assert [block._content.plain for block in after[1:]] == [
        "one",
        "two",
        "three and more",
        "four",
    ]
