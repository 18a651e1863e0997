"""Paths as text: nothing is lost, and every store can hold the result."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.names import from_person, is_below, on_disk, parents, to_text

names = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name)


@given(names)
def test_any_bytes_come_back_from_the_text_form(name: bytes) -> None:
    path = os.fsdecode(name)

    text = to_text(path)

    text.encode()
    assert os.fsencode(on_disk(text)) == name


@given(st.lists(names, min_size=2, max_size=2, unique=True))
def test_two_names_have_two_text_forms(pair: list[bytes]) -> None:
    one, other = (to_text(os.fsdecode(name)) for name in pair)

    assert one != other


@given(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x10FF7F)))
def test_a_name_in_utf_8_stays_as_it_is(name: str) -> None:
    assert to_text(name) == name


def test_a_text_form_that_was_shown_can_be_given_back() -> None:
    shown = to_text(os.fsdecode(b"/docs/caf\xe9.txt"))

    assert from_person(shown) == shown
    assert from_person(os.fsdecode(b"/docs/caf\xe9.txt")) == shown


def test_a_folder_holds_itself_and_what_is_in_it_but_not_its_namesakes() -> None:
    assert is_below("/docs", "/docs")
    assert is_below("/docs/a/b.txt", "/docs")
    assert is_below("/docs", "/")
    assert not is_below("/docs-old/a.txt", "/docs")


def test_parents_are_every_folder_above() -> None:
    assert parents("/home/ann/a.txt") == ["/", "/home", "/home/ann"]
