"""What the documents say of several things, in their own words."""

from __future__ import annotations

from morgan_core.chat.whole.extract import on_one_line, without_heading
from morgan_core.chat.whole.topic_answers import EACH, answer_by_topic
from morgan_core.retrieval.grounding import Grounder
from morgan_core.types import Source, Topic
from tests.passages import source_of


def source(n: int, text: str, heading: str = "") -> Source:
    return source_of(n, text, f"/docs/d{n}.md", heading=heading)


def topic(text: str) -> Topic:
    return Topic(text=text, signal=1.0, found=True)


DOMES = source(1, "There are three **domes** on the headland. Nobody sleeps in the tall tower.")
KEEPER = source(2, "- The keeper answers the radio on channel 8. He may close any dome.")


def test_each_thing_is_told_by_the_sentences_that_hold_it_with_their_citations():
    told = answer_by_topic([topic("domes"), topic("the keeper")], [DOMES, KEEPER])
    assert told.method == "extracted"
    assert told.text.splitlines() == [
        "What your documents say of each, in their own words:",
        "",
        "*domes*",
        "",
        "- There are three domes on the headland [1].",
        "",
        "*the keeper*",
        "",
        "- The keeper answers the radio on channel 8 [2].",
    ]


def test_it_stands_the_usual_check():
    told = answer_by_topic([topic("domes"), topic("keeper")], [DOMES, KEEPER])
    checked = Grounder(told.sources, items_only=True).ground(told.text)
    assert checked.grounded and checked.text == told.text
    assert [s.status for s in checked.sentences] == ["supported"] * 2


def test_a_thing_without_a_sentence_leaves_the_answer_to_the_model():
    assert answer_by_topic([topic("domes"), topic("helicopter")], [DOMES, KEEPER]) is None


def test_one_thing_gets_only_so_many_sentences_and_none_twice():
    many = source(1, " ".join(f"The dome number {n} is closed at dawn." for n in range(9)))
    told = answer_by_topic([topic("dome"), topic("dawn")], [many])
    items = [line for line in told.text.splitlines() if line.startswith("- ")]
    assert len(items) == 2 * EACH == len(set(items))


def test_emphasis_links_and_a_heading_that_runs_into_a_sentence_are_left_out():
    assert on_one_line("- **Tern** is a\n[small](http://evil.example) dome_of_stone.") == (
        "Tern is a small dome_of_stone."
    )
    heading = "2. The mirror, 1989-1998"
    assert without_heading(heading, "The mirror, 1989-1998 By 1989 it came.") == "By 1989 it came."
    assert without_heading("The mirror", "The mirror was cast.") == "The mirror was cast."
