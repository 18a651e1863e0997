"""Text from outside cannot steer a terminal, however it is cut into pieces."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from morgan_core.sanitise import MAX_STRING, StreamSanitiser, sanitise, sanitise_name

hostile = st.lists(
    st.one_of(
        st.text(max_size=4),
        st.sampled_from(
            (
                *("\x1b", "[", "]", "\\", "\x07", "\x9b", "\x9d", "\x90", "\x9c", "\r", "\n", "31"),
                *(
                    "m",
                    "\x1b]0;",
                    "\x1b[",
                    "\x1b(",
                    "\x1bP",
                    "\x18",
                    "\u202e",
                    "\ud800",
                    "k",
                    " ",
                    ";",
                ),
                *("x" * (MAX_STRING - 1), "x" * MAX_STRING),
            )
        ),
    ),
    max_size=24,
).map("".join)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb\rc\x0cd\u2028e", "a\nb\nc\nd\ne"),
        ("red \x1b[1;31mtext\x1b[0m", "red text"),
        ("8-bit \x9b31mtext", "8-bit text"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;ZXZpbA==\x1b\\after", "after"),
        ("\x9d0;title\x9cafter", "after"),
        ("\x1bPq#0;2;0\x1b\\after", "after"),
        ("\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\after", "after"),
        ("\x1bkscreen title\x1b\\after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bcharset \x1bcreset \x1b7save", "charset reset save"),
        ("bell\x07 nul\x00 del\x7f c1\x80", "bell nul del c1"),
        ("user\u202eexe.txt\u202c \u2066x\u2069", "userexe.txt x"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("tags\U000e0041\U000e0042", "tags"),
        ("lone\ud800surrogate\udfff", "lonesurrogate"),
        ("👩‍👩‍👧 می‌خواهم ❤️ क्‍ष", "👩‍👩‍👧 می‌خواهم ❤️ क्‍ष"),
        ("\x1b[31", "31"),
        ("\x1b", ""),
    ],
)
def test_what_steers_is_removed_and_what_is_said_stays(given_text: str, expected: str) -> None:
    assert sanitise(given_text) == expected


def test_an_unterminated_string_loses_only_its_introducer() -> None:
    answer = "word " * 2000

    assert sanitise("\x1b]" + answer) == answer
    assert sanitise("\x1b]0;title\nnext line\x07") == "0;title\nnext line"


def test_a_stream_shows_an_answer_after_a_stray_introducer_before_it_ends() -> None:
    stream = StreamSanitiser()

    shown = stream.feed("\x9d") + "".join(stream.feed("word ") for _ in range(MAX_STRING))

    assert len(shown) > MAX_STRING * 4


@given(hostile, st.lists(st.integers(0, 200), max_size=12))
@example("\x1b]0;" + "x" * MAX_STRING + "\x07", [1, 1, MAX_STRING])
@example("a\r\nb", [2])
def test_a_stream_gives_the_same_however_it_is_cut(text: str, sizes: list[int]) -> None:
    stream = StreamSanitiser()
    pieces, rest = [], text
    for size in sizes:
        pieces.append(stream.feed(rest[:size]))
        rest = rest[size:]

    result = "".join(pieces) + stream.feed(rest) + stream.flush()

    assert result == sanitise(text)


@given(hostile)
def test_nothing_unsafe_is_left_and_cleaning_twice_changes_nothing(text: str) -> None:
    clean = sanitise(text)

    assert {c for c in clean if unicodedata.category(c) in ("Cc", "Cs")} <= {"\n", "\t"}
    assert not any(unicodedata.bidirectional(c) in _BIDI for c in clean)
    assert sanitise(clean) == clean


_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(st.characters(blacklist_categories=["Cc", "Cf", "Cs", "Cn", "Zl", "Zp"])))
def test_ordinary_text_passes_unchanged(text: str) -> None:
    visible = text.replace("\u3164", "").replace("\uffa0", "").replace("\u034f", "")

    assert sanitise("".join(c for c in visible if not _stripped_mark(c))) == "".join(
        c for c in visible if not _stripped_mark(c)
    )


def _stripped_mark(char: str) -> bool:
    return "\u180b" <= char <= "\u180f" or "\U000e0000" <= char <= "\U000e0fff"


@given(hostile)
def test_a_name_is_one_visible_line_and_loses_nothing(name: str) -> None:
    shown = sanitise_name(name)

    assert len(shown) == len(name)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    assert sanitise_name(shown) == shown


def test_a_name_shows_what_was_hidden_in_it() -> None:
    assert sanitise_name("a\nb\x1b]0;x\x07\u202etxt.exe") == "a␤b␛]0;x␇\ufffdtxt.exe"
