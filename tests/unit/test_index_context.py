"""A passage is embedded and found by words below its title and headings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.index.context import LONGEST, in_context


def test_title_and_headings_stand_before_the_text():
    assert in_context("Lease", "Money › Rent", "It is 900.") == (
        "Lease › Money › Rent\n\nIt is 900."
    )


def test_what_the_text_begins_with_is_not_said_twice():
    assert in_context("Lease", "Lease › Rent", "## Rent\n\nIt is 900.") == (
        "Lease\n\n## Rent\n\nIt is 900."
    )
    assert in_context("Lease", "", "LEASE\n\nBetween A and B") == "LEASE\n\nBetween A and B"


def test_without_title_and_heading_it_is_the_text():
    assert in_context("", "", "It is 900.") == "It is 900."


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=100))
def test_the_text_is_always_whole_and_the_context_short(title: str, heading: str, text: str):
    found = in_context(title, heading, text)
    assert found.endswith(text)
    assert len(found) <= len(text) + LONGEST + 2
