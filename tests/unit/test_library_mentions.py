"""Every place where words stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.mentions import Phrase, PhraseFinder, mentions_in
from morgan_core.library.readers.base import Extracted, Heading


def found(phrase: str, text: str, *, exact: bool = False) -> list[str]:
    return [text[a:b] for a, b in PhraseFinder(Phrase(text=phrase, exact=exact)).find(text)]


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        (
            "dome",
            "The dome. Two Domes! A domestic cat, a dome's roof.",
            ["dome", "Domes", "dome's"],
        ),
        ("berries", "One berry, two berries.", ["berry", "berries"]),
        ("main telescope", "The main\ntelescope, no telescope.", ["main\ntelescope"]),
        ("cafe", "A café and a Café.", ["café", "Café"]),
        ("café", "A cafe.", ["cafe"]),
        ("2024", "In 2024, not 12024 or 2024-05.", ["2024", "2024"]),
        ("5", "5 of 1.5, 5.2 and 25.", ["5"]),
        ("Ingrid Aune", "INGRID AUNE came; Aune left.", ["INGRID AUNE"]),
        ("天文台", "我们的天文台很大。", ["天文台"]),
        ("eye", "An eye, two eyes, an eyelid.", ["eye", "eyes"]),
        ("dome", "", []),
        ("…", "Anything …", []),
    ],
)
def test_words_are_found_in_all_their_forms_and_only_they(phrase, text, places):
    assert found(phrase, text) == places


def test_a_quoted_phrase_is_found_in_that_form_only():
    text = "A dome, two domes. DOME!"
    assert found("dome", text, exact=True) == ["dome", "DOME"]


@given(st.lists(st.sampled_from(["dome", "keeper", "lease", "of", "the"]), max_size=30))
def test_as_many_are_found_as_there_are(words):
    assert len(found("dome", " ".join(words))) == words.count("dome")


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_words_can_be_looked_for_in_any_text(phrase, text):
    ends = [0]
    for start, end in PhraseFinder(Phrase(text=phrase)).find(text):
        assert ends[-1] <= start < end <= len(text)
        ends.append(end)


def test_of_a_sentence_without_end_the_words_around_the_mention_are_shown():
    text = f"{'x1 ' * 300}the dome is {'y2 ' * 300}"
    extracted = Extracted(text=text, kind="text")
    finders = [PhraseFinder(Phrase(text="dome"))]
    [place] = mentions_in(extracted, finders, document="d", revision=1, most=3).places
    assert text[place.start : place.end] == place.text
    assert place.text.startswith("x1 ") and place.text.endswith(" y2")
    assert " the dome is " in place.text and len(place.text) < 300


def test_a_mention_is_the_sentence_with_its_place():
    text = "# Rules\n\nBe quiet. The dome is closed at dawn. Go home.\n\n# Soup\n\nNo dome."
    headings = (Heading(0, 1, "Rules"), Heading(text.index("# Soup"), 1, "Soup"))
    extracted = Extracted(text=text, kind="markdown", headings=headings, lines=True)

    mentions = mentions_in(
        extracted,
        [PhraseFinder(Phrase(text="dome")), PhraseFinder(Phrase(text="cake"))],
        document="d",
        revision=2,
        most=1,
    )

    assert mentions.counts == (2, 0)
    [place] = mentions.places
    assert place.text == text[place.start : place.end] == "The dome is closed at dawn."
    assert (place.heading, place.place) == ("Rules", "line 3")
