"""Subtitles: what is said, who says it, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.chunking import chunk
from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.subtitles import FORMAT, read_subtitles

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i>
{\\an8}there.

2
00:00:03,000 --> 00:00:04,000 X1:40 X2:600
- Who are you?
- <font color="#ffffff">Anna &amp; Bob.</font>
3
00:12:40,000 --> 00:12:41,000
2020
"""
VTT = """WEBVTT - The interview

NOTE what nobody says

STYLE
::cue { color: red }

intro
00:01.000 --> 00:04.000 align:start
<v.loud Anna Bell>Good <b>morning</b>.</v>

01:00:02.000 --> 01:00:04.000
<c.yellow>It</c> <01:00:02.500>rains &lt;again&gt;.
"""
ASS = """[Script Info]
; a comment
Title: The film
[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:02.00,Default,,0,0,0,,never said
Dialogue: 0,0:00:05.20,0:00:06.00,Default,Bob,0,0,0,,{\\b1}Yes{\\b0},\\Nindeed
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,First\\hline
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
"""


def read(text: str, name: str = "film.srt") -> Extracted:
    return read_subtitles(Source(name=name, content=text.encode()))


def test_subrip_gives_a_line_for_each_cue_without_its_markup() -> None:
    film = read(SRT)

    assert film.text == (
        "Hello there.\n- Who are you?\n- Anna & Bob.\n\n2020"  # a pause makes a paragraph
    )
    assert (film.kind, film.title, film.lines) == ("subtitles", "", False)


def test_every_cue_has_its_time() -> None:
    film = read(SRT)

    assert [(place.offset, place.label) for place in film.places] == [
        (0, "00:00:01"),
        (13, "00:00:03"),
        (film.text.index("2020"), "00:12:40"),
    ]
    assert film.place_of(0, 30) == "00:00:01 – 00:00:03"


def test_webvtt_keeps_the_speakers_and_leaves_out_notes_and_styles() -> None:
    film = read(VTT, "talk.vtt")

    assert film.text == "Anna Bell: Good morning.\n\nIt rains <again>."
    assert film.title == "The interview"
    assert [place.label for place in film.places] == ["00:00:01", "01:00:02"]


def test_substation_alpha_is_in_order_of_time_without_comments_and_drawings() -> None:
    film = read(ASS, "film.ass")

    assert film.text == "First line\nBob: Yes, indeed"
    assert film.title == "The film"
    assert [place.label for place in film.places] == ["00:00:01", "00:00:05"]


def test_captions_that_roll_up_say_each_line_once() -> None:
    cues = [("0", "We begin"), ("1", "We begin\n-with birds"), ("2", "-with birds\n-and end")]
    text = "\n\n".join(f"00:00:0{at}.000 --> 00:00:0{at}.900\n{said}" for at, said in cues)

    assert read(f"WEBVTT\n\n{text}", "a.vtt").text == "We begin\n-with birds\n-and end"


def test_a_passage_of_a_long_film_tells_from_when_to_when_it_is() -> None:
    cues = [
        f"{n}\n00:{n // 60:02}:{n % 60:02},000 --> 00:{n // 60:02}:{n % 60:02},900\nSentence {n}."
        for n in range(200)
    ]

    first, second, *_ = chunk(read("\n\n".join(cues)), size=600)

    last = int(first.text.split()[-1].rstrip("."))
    assert first.place == f"00:00:00 – 00:00:{last:02}"
    assert second.place.startswith(f"00:00:{last + 1:02} – ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("film.srt", b""),
        ("film.SRT", SRT.encode("utf-16")),
        ("film.txt", SRT.encode()),
        ("unnamed", b"\xef\xbb\xbfWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\nHi\r\n"),
        ("unnamed", ASS.encode()),
    ],
)
def test_subtitles_are_known_by_their_name_or_their_beginning(name: str, content: bytes) -> None:
    assert FORMAT.claims(Source(name=name, content=content))


@pytest.mark.parametrize("text", ["WEBVTTX", "1\n2\n3", "Time: 00:00:01,000", "[Script]"])
def test_other_texts_are_not_taken_for_subtitles(text: str) -> None:
    assert not FORMAT.claims(Source(name="a.txt", content=text.encode()))


def test_a_file_without_a_cue_is_text() -> None:
    assert (read("no cue at all").kind, read("no cue at all").text) == ("text", "no cue at all")


PIECES = st.sampled_from(
    ["\n", "\n\n", "00:00:01,000 --> 00:00:02,000", "7", "{\\p1", "<v ", "}", ">", "[Events]\n",
     "Dialogue: 0,0:00:01.00,0:00:02.00,,,", "Format: Text, Start, End", "WEBVTT", "word "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(["a.srt", "a.vtt", "a.ass"]))
def test_whatever_is_in_it_the_places_are_within_the_text_and_in_order(
    text: str, name: str
) -> None:
    film = read(text, name)

    offsets = [place.offset for place in film.places]
    assert offsets == sorted(set(offsets))
    assert all(0 <= offset < len(film.text) for offset in offsets)
