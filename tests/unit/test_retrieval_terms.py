"""Words, numbers and dates are compared by what they mean, not by how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.quotes import find_quote, quotes_in
from morgan_core.retrieval.terms import terms


def same(a: str, b: str) -> bool:
    one, other = terms(a).items, terms(b).items
    return len(one) == len(other) and all(x.same(y) for x, y in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1,250.50", "1.250,50"),
        ("1,250", "1250"),
        ("1.250", "1250"),
        ("1\u00a0250", "1250"),
        ("1.2 million", "1,200,000"),
        ("twelve", "12"),
        ("twenty-one", "21"),
        ("first", "1st"),
        ("5 %", "5 percent"),
        ("5%", "five per cent"),
        ("€20", "20 euros"),
        ("20km", "20 km"),
        ("3 March 2024", "2024-03-03"),
        ("March 3rd, 2024", "3rd of March, 2024"),
        ("03.04.2024", "3 April 2024"),
        ("3/4/2024", "4 March 2024"),
        ("13/4/2024", "13 April 2024"),
        ("3. März 2024", "3 March 2024"),
        ("Pétain's tenants", "Petain tenant"),
        ("led", "leads"),
    ],
)
def test_the_same_value_in_another_form(a, b):
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.25", "125"),
        ("1,250", "1.25"),
        ("12", "20"),
        ("3 March 2024", "3 May 2024"),
        ("10th", "10"),
        ("1940s", "1940"),
        ("US troops", "troops"),
        ("one tenant", "tenant"),
    ],
)
def test_different_values_stay_different(a, b):
    assert not same(a, b)


def test_a_month_is_a_part_of_a_day():
    day = [next(iter(term.keys)) for term in terms("3 March 2024").items]
    assert [next(iter(term.keys)) for term in terms("March 2024").items] == day[:2]


@given(st.text())
def test_any_text_has_terms_in_order_and_in_place(text):
    items = terms(text).items
    assert all(0 <= term.start < term.end <= len(text) and term.keys for term in items)


def test_quotes_are_found_between_any_marks():
    text = "He said “no dogs”, »well« «pas ici», \"never.\" and it's Anna's."
    assert quotes_in(text) == ["no dogs", "pas ici", "never"]


@given(st.text(), st.text(alphabet=st.characters(categories=("L", "N")), min_size=1), st.text())
def test_a_quote_is_found_again_where_it_stands(before, quote, after):
    found = find_quote(quote, before + quote + after)
    assert found is not None
    start, end = found
    assert (before + quote + after)[start:end] == quote


def test_a_quote_is_found_across_lines_and_typography():
    text = "It’s “very\n  old” – indeed."
    start, end = find_quote('It\'s "very old" - indeed', text) or (0, 0)
    assert text[start:end] == text[:-1]
    assert find_quote("very new", text) is None
