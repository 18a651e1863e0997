"""Words into BM25 terms and weights."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.lengths import STEP, AverageLength
from morgan_core.index.lexical import B, K, Lexicon, weigh
from morgan_core.index.pointer import pointer_path, read_pointer, write_pointer
from morgan_core.index.vectors import collection_name

LEXICON = Lexicon()


def test_terms_are_counted_exactly() -> None:
    counts = LEXICON.terms("cat " * 37 + "dog " * 2 + "the of and", "en")

    assert sorted(counts.values()) == [2, 37]


def test_case_form_and_composition_of_a_word_do_not_matter() -> None:
    assert LEXICON.terms("HOUSES", "en") == LEXICON.terms("house", "en")
    assert LEXICON.terms("cafe\u0301", "fr") == LEXICON.terms("caf\u00e9", "fr")
    assert LEXICON.terms("\uff21\uff22", "en") == LEXICON.terms("ab", "en")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Céloron", "celoron"),
        ("naive", "naïve"),
        ("Dvořák", "Dvorak"),
        ("Łódź", "lodz"),
        ("smørrebrød", "smorrebrod"),
    ],
)
def test_accents_do_not_matter_in_english(written: str, typed: str) -> None:
    assert LEXICON.terms(written, "en") == LEXICON.terms(typed, "en")
    assert set(LEXICON.query_terms(typed, ["en"])) & set(LEXICON.terms(written, "en"))


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("والكتاب", "كتاب"),
        ("كتاب", "الكتاب"),
        ("فالكتاب", "بالكتاب"),
        ("وكتاب", "للكتاب"),
        ("كِتَابٌ", "كتاب"),
        ("كـتـاب", "كتاب"),
        ("أحمد", "احمد"),
        ("مدرسة", "المدرسه"),
        ("وبالمدرسة", "مدرسة"),
        ("١٢٣", "123"),
    ],
)
def test_arabic_words_are_found_with_and_without_what_is_joined_to_them(
    written: str, typed: str
) -> None:
    assert set(LEXICON.query_terms(typed, ["ar"])) & set(LEXICON.terms(written, "ar"))


def test_god_is_no_pronoun_with_an_article() -> None:
    assert LEXICON.terms("الله", "ar") != LEXICON.terms("له", "ar")


@pytest.mark.parametrize(
    ("written", "typed", "language"),
    [
        ("Die Mietverträge enden.", "Mietvertrag", "de"),
        ("Die Häuser der Straße", "Haus Strasse", "de"),
        ("租赁合同于三月到期", "合同什么时候到期", "zh"),
    ],
)
def test_german_and_chinese_words_are_found(written: str, typed: str, language: str) -> None:
    assert set(LEXICON.query_terms(typed, [language])) & set(LEXICON.terms(written, language))


@given(st.text(max_size=300), st.sampled_from(["en", "de", "zh", "th", "ar", "nonsense", ""]))
@settings(max_examples=200)
def test_a_text_finds_itself(text: str, language: str) -> None:
    terms = LEXICON.terms(text, language)
    query = LEXICON.query_terms(text, [language])

    if terms and query:
        assert set(query) & set(terms)


@given(st.text("\u4e00\u4e01\u5317\u4eac\u6771\u30bf\u30ef", min_size=2, max_size=20), st.data())
def test_every_piece_of_chinese_or_japanese_is_found_in_the_whole(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    assert set(LEXICON.query_terms(text[start:end], ["zh"])) <= set(LEXICON.terms(text, "zh"))


def test_weights_are_those_of_bm25() -> None:
    indices, values = weigh(Counter({5: 3, 2: 1}), average=8)

    norm = K * (1 - B + B * 4 / 8)
    assert indices == [2, 5]
    assert values == pytest.approx([1 * (K + 1) / (1 + norm), 3 * (K + 1) / (3 + norm)])


@given(st.lists(st.integers(1, 400), min_size=1, max_size=200))
def test_the_average_in_use_stays_near_the_mean(lengths: list[int]) -> None:
    average = AverageLength()
    for length in lengths:
        average.observe([length])

    mean = sum(lengths) / len(lengths)
    assert average.value / STEP - 1 <= mean <= average.value * STEP + 1


def test_a_small_drift_moves_nothing() -> None:
    average = AverageLength()
    average.observe([100] * 50)

    assert average.observe([110] * 50) is False
    assert average.observe([300] * 500) is True


def test_an_average_is_taken_up_from_what_is_stored() -> None:
    first = AverageLength()
    first.observe([90] * 10)

    second = AverageLength()
    second.restore([(90, first.value)] * 10, total=10)

    assert second.value == first.value


def test_collections_are_named_after_model_and_dimension() -> None:
    plain = collection_name(EmbedderInfo(name="all-minilm-l6-v2", dimension=384, max_tokens=256))
    path = collection_name(EmbedderInfo(name="/m/../My Model", dimension=8, max_tokens=1))
    other = collection_name(EmbedderInfo(name="/m/../my model", dimension=8, max_tokens=1))

    assert plain == "morgan_knowledge__all-minilm-l6-v2__384"
    assert "/" not in path
    assert path != other


def test_the_pointer_names_the_current_collection(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert read_pointer(tmp_path) is None

    write_pointer(tmp_path, "one")
    write_pointer(tmp_path, "two")

    assert read_pointer(tmp_path) == "two"
    assert [p.name for p in tmp_path.iterdir()] == [pointer_path(tmp_path).name]
