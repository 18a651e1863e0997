"""Citations are links, verdicts mark sentences, HTML and entities are text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from morgan_core.types import Sentence
from morgan_tui.widgets.cited_markdown import CitedMarkdown, make_parser


def links(text: str) -> list[str]:
    tokens = make_parser().parse(text)
    children = [child for token in tokens for child in token.children or ()]
    return [str(child.attrs["href"]) for child in children if child.type == "link_open"]


def test_a_number_in_brackets_is_a_link_to_its_source():
    assert links("June [1], or [2][3].") == ["cite:1", "cite:2", "cite:3"]


def test_code_and_ordinary_links_are_left_alone():
    assert links("`a[1]` and\n\n```\nb[2]\n```\n") == []
    assert links("[7](https://example.org)") == ["https://example.org"]
    assert links("[x] and [1234]") == []


def test_html_is_text_and_entities_cannot_smuggle_controls():
    tokens = make_parser().parse("<b>x</b> &#27;[31m &#8238;y")
    text = "".join(c.content for t in tokens for c in t.children or ())
    assert "<b>x</b>" in text
    assert "\x1b" not in text and "\u202e" not in text


@given(st.text())
def test_any_text_is_parsed_without_controls(text: str):
    for token in make_parser().parse(text):
        for child in token.children or ():
            assert not any(ord(c) < 32 and c not in "\n\t" for c in child.content)


class Shown(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.markdown = CitedMarkdown(text)

    def compose(self) -> ComposeResult:
        yield self.markdown


def span(text: str, sentence: str, status: str) -> Sentence:
    start = text.index(sentence)
    return Sentence(start=start, end=start + len(sentence), status=status)  # type: ignore[arg-type]


async def test_doubtful_sentences_are_marked_where_they_stand():
    text = "It **ends** in June [1]. The cat is *blue*.\n\n- A list [2] holds.\n- Another.\n"
    app = Shown(text)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.markdown.show_verdicts(
            [
                span(text, "It **ends** in June [1].", "supported"),
                span(text, "The cat is *blue*.", "unsupported"),
                span(text, "A list [2] holds.", "partly"),
            ]
        )
        await pilot.pause()
        shown = "\n".join(s.text.rstrip() for s in app.screen._compositor.render_strips())
    assert "in June [1]. The cat is blue. ✗" in shown
    assert "A list [2] holds. ≈" in shown
    assert "Another." in shown and "Another. " not in shown
