"""Mails: headers, text, attached files; mailboxes: mail after mail."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, Source, formats


def read(content: bytes | EmailMessage, name: str = "a.eml") -> Extracted:
    raw = content.as_bytes() if isinstance(content, EmailMessage) else content
    source = Source(name=name, content=raw)
    return next(f for f in formats() if f.claims(source)).read(source)


def mail(text: str = "Hello.", subject: str = "Über die Miete") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Jörg Groß <joerg@example.org>"
    message["To"] = "ann@example.org, bo@example.org"
    message["Subject"] = subject
    message["Date"] = "Mon, 06 May 2024 10:00:00 +0200"
    message.set_content(text)
    return message


HEADERS = (
    "Über die Miete\n\n"
    "From: Jörg Groß <joerg@example.org>\n"
    "To: ann@example.org, bo@example.org\n"
    "Date: Mon, 06 May 2024 10:00:00 +0200\n\n"
)


def test_a_mail_is_its_headers_and_its_text() -> None:
    extracted = read(mail("Größe\n\n> quoted\n-- \nJG\n"))

    assert extracted.text == HEADERS + "Größe\n\n> quoted\n-- \nJG"
    assert (extracted.kind, extracted.title) == ("mail", "Über die Miete")
    assert [(h.offset, h.title) for h in extracted.headings] == [(0, "Über die Miete")]
    assert extracted.places == ()
    assert extracted.metadata["author"] == "Jörg Groß <joerg@example.org>"


@pytest.mark.parametrize("name", ["a.eml", "mail"])
def test_a_mail_is_known_by_its_headers(name: str) -> None:
    assert read(mail(), name).kind == "mail"


@pytest.mark.parametrize(
    ("name", "content"),
    [("notes", b"From: the start\n\nText"), ("a.eml", b"no header here"), ("a.txt", b"To: x\n\ny")],
)
def test_what_only_looks_like_one_is_text(name: str, content: bytes) -> None:
    assert read(content, name).kind == "text"


PAGE = "<p>Dear <b>Ann</b>,<p style='display:none'>BAD</p><p>" + "the rent is due. " * 30


def test_plain_text_goes_before_html() -> None:
    message = mail("The rent is due. " * 30)
    message.add_alternative(PAGE, subtype="html")

    assert "Dear" not in read(message).text


@pytest.mark.parametrize("plain", ["", "Please use an HTML viewer."])
def test_html_is_read_where_the_plain_text_only_stands_in(plain: str) -> None:
    message = mail(plain)
    message.add_alternative(PAGE, subtype="html")

    text = read(message).text

    assert "\n\nDear Ann,\n\nthe rent" in text
    assert "BAD" not in text and "viewer" not in text


def test_attached_files_are_listed_and_read_at_their_place() -> None:
    message = mail()
    lease = b"# Lease\n\nTwo years.\n\n## Rent\n\n900."
    message.add_attachment(
        lease, maintype="application", subtype="octet-stream", filename="Größe.md"
    )
    message.add_attachment(b"\x89PNG\r\n\x1a\n" + bytes(20), "image", "png", filename="a.png")

    extracted = read(message)

    assert "Attachments: Größe.md (34 bytes), a.png (28 bytes)" in extracted.text
    assert [h.title for h in extracted.headings] == [
        "Über die Miete",
        "Größe.md",
        "Lease",
        "Rent",
    ]
    rent = extracted.text.index("900.")
    assert extracted.place_of(rent, rent + 4) == "attachment Größe.md"
    assert extracted.place_of(0, 10) == "message"
    assert extracted.place_of(0, rent) == "message – attachment Größe.md"
    assert extracted.heading_at(rent) == "Über die Miete › Größe.md › Lease › Rent"
    for heading in extracted.headings:
        assert extracted.text[heading.offset :].lstrip("# ").startswith(heading.title)


def test_a_forwarded_mail_is_read_where_it_is_attached() -> None:
    message = mail()
    message.add_attachment(mail("The older text.", subject="Older"))

    extracted = read(message)

    at = extracted.text.index("The older text.")
    assert extracted.place_of(at, at + 1) == "attachment Older"


def test_mails_in_mails_end_somewhere() -> None:
    message = mail("Innermost.")
    for _ in range(6):
        outer = mail()
        outer.add_attachment(message.as_bytes(), "application", "octet-stream", filename="in.eml")
        message = outer

    assert "Innermost." not in read(message).text


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?= =?iso-8859-1?q?_f=FCr?=", "Größe für"),
        (b"Subject: =?no-such?q?rent?=", "rent"),
        ("Subject: Größe".encode(), "Größe"),
        (b"Subject: folded\r\n line", "folded line"),
        (b"Subject: \x1b]0;evil\x07Rent", "Rent"),
        (b"Subject: =?utf-8?b?a?=", "=?utf-8?b?a?="),
    ],
)
def test_subjects_are_decoded(head: bytes, expected: str) -> None:
    assert read(head + b"\r\n\r\nText").title == expected


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=koi8-r", "Москва".encode("koi8-r"), "Москва"),
        (b"Content-Type: text/plain; charset=no-such", "Größe".encode(), "Größe"),
        (
            b"Content-Type: text/plain; charset=utf-8",
            "Größe der Straße".encode("cp1252"),
            "Größe der Straße",
        ),
        (b"Content-Transfer-Encoding: base64", b"VGV4dA=", "Text"),
        (b"Content-Transfer-Encoding: quoted-printable", b"a=3Db=\nc", "a=bc"),
        (b"Content-Type: text/plain; format=flowed", b"one \ntwo\n> three", "one two\n> three"),
        (b"Content-Type: multipart/mixed; boundary=x", b"--x\n\nText", "Text"),
        (b"Content-Type: multipart/mixed", b"no boundary", "no boundary"),
    ],
)
def test_bodies_are_decoded_even_when_the_mail_is_broken(
    head: bytes, body: bytes, expected: str
) -> None:
    assert read(b"Subject: S\n" + head + b"\n\n" + body).text == f"S\n\n{expected}"


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_mail_is_read_or_refused(body: bytes, head: bytes) -> None:
    lines = (
        b"MIME-Version: 1.0\nSubject: " + head + b"\nContent-Type: multipart/mixed; boundary=x\n\n"
    )

    try:
        extracted = read(lines + b"--x\nContent-Disposition: attachment; filename*0=a;" + body)
    except UnreadableFile as error:
        assert error.message
    else:
        assert extracted.kind == "mail"


@pytest.mark.parametrize(
    "content",
    [
        b"To: " + b"a@example.org, " * 200_000 + b"\n\nText",
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nText",
        b"To: x\n" * 30_000 + b"\nText",
        b"Subject: x\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 20_000,
        b"Subject: x\n" + b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" * 5_000,
        b"Subject: x\nContent-Disposition: attachment; filename*0="
        + b"a; x=" * 20_000
        + b"\n\nText",
    ],
    ids=range(6),
)
def test_no_small_mail_takes_long(content: bytes) -> None:
    started = time.process_time()

    try:
        assert read(content).text
    except UnreadableFile as error:
        assert "deeply" in error.message

    assert time.process_time() - started < 5


# --- mailboxes -----------------------------------------------------------------------------


def test_each_mail_of_a_mailbox_is_a_unit_with_its_number() -> None:
    separator = b"From joerg@example.org Mon May  6 10:00:00 2024\n"
    bodies = ("First.\nFrom here on: no separator.\n", "Second.\n>From the sea.\n")
    box = b"".join(
        separator + mail(body, subject=f"Mail {n}").as_bytes() + b"\n"
        for n, body in enumerate(bodies)
    )

    extracted = read(box, "inbox")

    assert extracted.kind == "mailbox"
    assert [place.label for place in extracted.places] == ["message 1: Mail 0", "message 2: Mail 1"]
    assert [h.title for h in extracted.headings] == ["Mail 0", "Mail 1"]
    assert extracted.cuts == (extracted.headings[1].offset,)
    assert "First.\nFrom here on: no separator." in extracted.text
    assert "Second.\nFrom the sea." in extracted.text
