"""Web pages: their content and nothing else, in the order and under the headings of the page."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import Extracted, Source, formats


def read(content: str | bytes, name: str = "page.html") -> Extracted:
    raw = content.encode() if isinstance(content, str) else content
    source = Source(name=name, content=raw)
    return next(f for f in formats() if f.claims(source)).read(source)


def outline(extracted: Extracted) -> list[tuple[int, str]]:
    for heading in extracted.headings:
        assert extracted.text[heading.offset :].startswith(heading.title)
    return [(heading.level, heading.title) for heading in extracted.headings]


LONG = "The tenant pays the rent on the first day of each month, without being asked. " * 8


# --- what is a page ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["page", "page.txt", "page.html", "notes.md"])
@pytest.mark.parametrize(
    "opening",
    [
        "<!DOCTYPE html>",
        "\ufeff\n<!doctype HTML PUBLIC 'x'>",
        "<?xml version='1.0'?>\n<html>",
        "<!-- saved from url=(0014)about:internet -->\n<html>",
    ],
)
def test_a_page_is_known_by_its_content(name: str, opening: str) -> None:
    extracted = read(opening + "<p>One<p>Two", name)

    assert (extracted.kind, extracted.text) == ("html", "One\n\nTwo")


def test_a_component_with_a_page_in_it_is_source_code() -> None:
    assert read("<!doctype html><p>One", "page.php").kind != "html"


def test_a_fragment_named_html_is_read() -> None:
    assert read("Fish &amp; <b>chips</b>").text == "Fish & chips"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("<meta charset=latin1><p>Größe – 5 €", "cp1252"),
        (
            "<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'><p>吾輩は猫である",
            "cp932",
        ),
        ("<?xml version='1.0' encoding='windows-1251'?><html><p>Москва", "cp1251"),
        ("<meta charset=gb2312><p>北京是首都", "gb18030"),
        ("<meta charset=iso-2022-jp><p>吾輩は猫である", "iso2022_jp"),
        ("<meta charset=latin1><p>saved as UTF-8: Größe", "utf-8"),
        ("<!doctype html><p>wide: Größe", "utf-16"),
    ],
)
def test_the_encoding_is_that_of_the_bytes(content: str, encoding: str) -> None:
    extracted = read(content.encode(encoding))

    assert extracted.text == content.rpartition(">")[2]
    assert extracted.metadata["encoding"] == encoding


# --- text ----------------------------------------------------------------------------------


def test_blocks_become_paragraphs_lists_and_quotes() -> None:
    text = read("""<p>A <b>bold</b>&nbsp;word
        and a<br>break. x<sup>2</sup>, note<sup class=reference><a>[1]</a></sup>.</p>
        <ul><li>one<li><p>two</p><ol start=3><li>three<li>four</ol><li>five</ul>
        <blockquote><p>said<p>so</blockquote><div>line</div><div>line</div>""").text

    assert text == (
        "A bold word and a\nbreak. x^2, note.\n\n"
        "- one\n- two\n  3. three\n  4. four\n- five\n\n"
        "> said\n\n> so\n\nline\nline"
    )


def test_code_keeps_its_lines_and_indentation() -> None:
    text = read(
        "<p>See:<pre><code><span>def</span> f():\n    return 1\n\n\nx = 2\n</code></pre>end"
    ).text

    assert text == "See:\n\ndef f():\n    return 1\n\n\nx = 2\n\nend"


def test_headings_are_where_they_stand_and_begin_units() -> None:
    extracted = read(
        f"<h1>The\n <i>Lease</i></h1><p>{LONG}<h2>Rent</h2><p>{LONG}<h4>Late</h4>{LONG}"
    )

    assert outline(extracted) == [(1, "The Lease"), (2, "Rent"), (4, "Late")]
    assert extracted.cuts == tuple(h.offset for h in extracted.headings[1:])
    assert [piece.heading for piece in chunk(extracted, size=800)] == [
        "The Lease",
        "The Lease › Rent",
        "The Lease › Rent › Late",
    ]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Rent — The  Lease &amp; Co</title>", "Rent"),
        ("<title>About paying</title>", "About paying"),
        ("<meta property=og:title content='Graph'>", "Graph"),
        ("", "Rent"),
    ],
)
def test_the_title_is_that_of_the_page_without_the_sites_name(head: str, title: str) -> None:
    assert read(f"<head>{head}</head><h1>Rent</h1><p>Text").title == title


def test_metadata_is_taken() -> None:
    metadata = read(
        "<meta name=author content='Ann\x1b[2J Lee'><link rel=canonical href=https://a.example/b>"
        "<meta property=article:published_time content=2024-05-01><p>x"
    ).metadata

    assert metadata == {
        "author": "Ann Lee",
        "url": "https://a.example/b",
        "created": "2024-05-01",
        "encoding": "utf-8",
    }


# --- tables --------------------------------------------------------------------------------


def test_a_long_table_repeats_its_header_in_every_chunk() -> None:
    rows = "".join(f"<tr><td>Item {n}<td>{n}.50<td>{'x' * (n % 30)}" for n in range(200))

    extracted = read(f"<p>Before<table><tr><th>Item<th>Price<th>Note</tr>{rows}</table><p>After")

    pieces = [p.text for p in chunk(extracted, size=1000) if "Item 1" in p.text]
    assert len(pieces) > 3
    assert all("Item | Price | Note\n" in piece for piece in pieces)
    assert extracted.text.startswith("Before\n\n") and extracted.text.endswith("\n\nAfter")
    assert all(f"Item {n} | {n}.50" in extracted.text for n in range(200))


def test_merged_cells_reach_into_every_row_of_theirs() -> None:
    text = read(
        "<table><caption>Prices</caption><thead><tr><th>Fruit<th>Kind<th>Price</thead>"
        "<tr><td rowspan=2>Apple<td>red<td>1<tr><td>green<td>2<tr><td colspan=2>Pear<td>3</table>"
    ).text

    assert text == (
        "Prices\n\nFruit | Kind | Price\nApple | red | 1\nApple | green | 2\nPear |  | 3"
    )


def test_a_title_across_a_table_is_no_header() -> None:
    text = read(
        "<table><tr><th colspan=2>Ohm's law<tr><th>Named after<td>Georg Ohm<tr><th>Year<td>1827</table>"
    ).text

    assert text == "Ohm's law\n\nNamed after | Georg Ohm\nYear | 1827"


def test_a_formula_is_read_from_its_picture() -> None:
    text = read(
        "<p>So <span style='display: none'><math alttext='V=IR'></math></span>"
        "<img class='mwe-math-fallback-image-inline' aria-hidden=true alt='V=IR'>."
    ).text

    assert text == "So V=IR ."


def test_a_table_that_arranges_the_page_is_no_table() -> None:
    text = read(
        "<table><tr><td><h2>News</h2><p>First.</p></td><td><table><tr><td>a<td>b<tr><td>c<td>d"
        "</table></td></tr></table>"
    ).text

    assert text == "News\n\nFirst.\n\na | b\nc | d"


# --- content and furniture -----------------------------------------------------------------

DOCUMENTATION = f"""<!doctype html><html><head><title>Rent — Manual</title><style>p{{}}</style></head>
<body class="has-sidebar theme-light"><a class="skip-link" href="#m">Skip to content</a>
<header class="site-header"><a href="/">Brand</a><nav><ul><li><a>Docs</a><li><a>Blog</a></ul></nav></header>
<div id="cookie-banner">We value your privacy <button>Accept</button></div>
<div class="wrapper"><div class="sidebar-left"><a>Intro</a><a>Deposit</a></div>
<main role="main"><nav class="breadcrumb"><a>Manual</a></nav><h1>Rent<a class="headerlink">¶</a></h1>
<aside class="note">Mind the deadline.</aside><p>{LONG}</p><footer>Edited by Ann</footer></main></div>
<div class="newsletter">Subscribe now</div><footer>© 2024 Brand</footer><script>track()</script>"""


def test_a_documentation_page_is_read_without_its_furniture() -> None:
    text = read(DOCUMENTATION).text

    assert text == f"Rent\n\nMind the deadline.\n\n{LONG.strip()}\n\nEdited by Ann"


def test_a_page_of_plain_containers_loses_only_what_is_named_furniture() -> None:
    text = read(
        f"""<div class="top-nav"><a>Home</a></div><div class="page"><div class="post-body"><h1>Rent</h1>
        <div>{LONG}</div></div><div class="related-posts"><a>More</a></div></div>
        <div id="footer">Imprint</div>"""
    ).text

    assert text == f"Rent\n\n{LONG.strip()}"


@pytest.mark.parametrize(
    "page",
    [
        f"<main></main><div class=x><p>{LONG}</div>",
        f"<main><p>Loading…</main><article><p>{LONG}</article>",
        f"<div class=sidebar><h1>T</h1><p>{LONG}</div>",
        f"<nav><p>{LONG}</nav>",
        f"<div class=menu><p>{LONG}</div><p>Short.",
        f"<div role=dialog id=modal><p>{LONG}</div>",
        f"<body style='display:none' class=hidden><p>{LONG}",
        f"<header><p>{LONG}</header>",
        f"<article><p>{LONG}</article><article><p>Second. {LONG}</article>",
    ],
)
def test_the_body_is_never_lost(page: str) -> None:
    text = read(page).text

    assert LONG.strip() in text
    assert "Second." in text or "Second." not in page


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- BAD -->",
        "<script>BAD</script>",
        "<template>BAD</template>",
        "<p hidden>BAD</p>",
        "<div aria-hidden='true'><p>BAD</p></div>",
        "<p style='color:red; DISPLAY : none'>BAD</p>",
        "<p style='visibility:hidden'>BAD</p>",
        "<p style='opacity:0'>BAD</p>",
        "<p style='position:absolute;left:-9999px'>BAD</p>",
        "<div style='max-height:0;overflow:hidden'>BAD</div>",
        "<span style='font-size:0px'><b>BAD</b></span>",
        "<font color=#FFFFFF>BAD</font>",
        "<p style='color:white'>BAD</p>",
        "<p style='color: rgb(255, 255, 255)'>BAD</p>",
        "<table><tr style='color:#fff'><td>BAD<td>BAD</table>",
        "<h2 style='display:none'>BAD</h2>",
        "<math alttext='BAD' style='display:none'></math>",
    ],
)
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    extracted = read(f"<p>Before.</p>{hidden}<p>After.</p>")

    assert extracted.text == "Before.\n\nAfter."
    assert extracted.headings == ()


@pytest.mark.parametrize(
    "seen",
    [
        "<div style='font-size:0'><p style='font-size:14px'>SEEN</p></div>",
        "<div style='background:#06c'><a style='color:#fff'>SEEN</a></div>",
        "<p style='opacity:0.9;font-size:0.9em'>SEEN</p>",
        "<table bgcolor=black><tr><td style='color:white'>SEEN</table>",
        "<p aria-hidden=false style='margin-left:-10px'>SEEN</p>",
    ],
)
def test_what_is_seen_is_read(seen: str) -> None:
    assert "SEEN" in read(f"<p>Before.</p>{seen}").text


def test_xhtml_that_closes_its_title_at_once_is_read() -> None:
    page = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="a.js"/></head><body><a id="x"/><p>Text<br/>more</p></body></html>'
    )

    assert read(page).text == "Text\nmore"


# --- hostile -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        "<div " + " ".join(f"a{n}=1" for n in range(100_000)) + "><p>Text",
        "<select>" + "<option>x" * 50_000 + "</select><p>Text",
        "<div>" * 4_000 + "Text",
        "<table><tr><td>" * 2_000 + "Text",
        "<ul><li>" * 2_000 + "Text",
        "<blockquote>" * 4_000 + "Text",
        "<div class=nav>" * 4_000 + "Text",
        "<b><i><a href=x>" * 1_000 + "Text",
        "<table><tr><td rowspan=65534 colspan=1000>a<td>b" + "<tr><td>c" * 3_000 + "</table>Text",
        "<!--" * 100_000 + "--><p>Text",
        "<p style='" + "font-size:" * 50_000 + "'>Text",
        "<p class='" + "nav-" * 50_000 + "'>Text",
        "<p>" + "&amp;" * 200_000 + "Text",
        "<html xmlns=x>" + "<a " * 4_000 + "/></a><p>Text",
        "<script>" + "for(i=0;i<n;i++)" * 50_000 + "</script><p>Text",
        "<script>a</script>" * 20_000 + "<script" * 20_000 + "></script><p>Text",
    ],
    ids=lambda page: page[:24],
)
def test_no_small_page_takes_long(page: str) -> None:
    started = time.process_time()

    text = read(page).text

    assert time.process_time() - started < 5
    assert text.endswith("Text")


def test_a_page_nested_beyond_measure_says_so() -> None:
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("<div>" * 100_000 + "Text")


_TAGS = st.sampled_from(
    [
        "p",
        "div",
        "h1",
        "h2",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "pre",
        "blockquote",
        "span",
        "a",
        "b",
        "br",
        "nav",
        "main",
        "article",
        "template",
        "sup",
        "caption",
        "thead",
        "select",
        "option",
        "math",
        "svg",
        "footer",
        "/p",
        "/div",
        "/h1",
        "/ul",
        "/table",
        "/pre",
        "/main",
    ]
)
_PIECES = st.one_of(
    _TAGS.map("<{}>".format),
    st.text(max_size=8),
    st.sampled_from(["\x1b]0;x\x07", "&#27;[2J", "\u202e", " \n ", "&nbsp;", "<td rowspan=3>"]),
)


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_markup_gives_clean_text_with_true_offsets(page: str) -> None:
    try:
        extracted = read(page)
    except UnreadableFile as error:
        assert error.message
        return

    assert {c for c in extracted.text if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}
    outline(extracted)
    assert list(extracted.cuts) == sorted(set(extracted.cuts))


_WORDS = st.lists(st.text("abcdefgh", min_size=3, max_size=8), min_size=1, max_size=12)


@given(_WORDS, st.data())
def test_every_visible_word_is_kept_in_order(words: list[str], data: st.DataObject) -> None:
    tags = st.sampled_from(
        ["p", "div", "li", "h2", "blockquote", "pre", "span", "dd", "td", "section"]
    )
    page = "".join(f"<{t}>{w} </{t}>" for w in words for t in [data.draw(tags)])

    assert re.findall("[a-h]{3,}", read(page).text) == words
