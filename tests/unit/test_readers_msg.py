"""Outlook messages look as other mails do; damaged ones are refused."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import Extracted, Source, extract
from morgan_core.library.readers.rtf_compressed import decompress_rtf
from tests.ole_files import (
    Eight,
    Time,
    Tree,
    attached,
    compound,
    forwarded,
    message,
    msg,
    recipient,
)

SUBJECT, BODY, HTML, RTF, HEADERS, MESSAGE_CLASS = 0x37, 0x1000, 0x1013, 0x1009, 0x7D, 0x1A
FROM_NAME, FROM_ADDRESS, SENT, MESSAGE_ID = 0x42, 0x5D02, 0x39, 0x1035
CODE_PAGE, INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
AT_TEN = Time((1_714_982_400 + 11_644_473_600) * 10**7)  # 2024-05-06 08:00 UTC
MESSAGE = {SUBJECT: "Über die Miete", FROM_NAME: "Jörg Groß", FROM_ADDRESS: "joerg@example.org"}


def read(content: bytes, name: str = "a.msg") -> Extracted:
    return extract(Source(name=name, content=content))


def reason(content: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(content)
    return caught.value.message


def body_of(properties: dict[int, object]) -> str:
    return read(msg({SUBJECT: "S", **properties})).text.partition("\n\n")[2]


def test_a_message_is_its_headers_and_its_text() -> None:
    people = (
        recipient("Ann", "ann@example.org"),
        recipient("bo@example.org", "bo@example.org"),
        recipient("Cy", "cy@example.org", 2),
        recipient("Hidden", "hidden@example.org", 3),
    )

    extracted = read(
        msg({**MESSAGE, BODY: "Größe\r\n\r\nJG", SENT: AT_TEN, MESSAGE_ID: "<1@x>"}, people)
    )

    assert extracted.text == (
        "Über die Miete\n\n"
        "From: Jörg Groß <joerg@example.org>\n"
        "To: Ann <ann@example.org>, bo@example.org\n"
        "Cc: Cy <cy@example.org>\n"
        "Date: Mon, 06 May 2024 08:00:00 +0000\n\n"
        "Größe\n\nJG"
    )
    assert (extracted.kind, extracted.title) == ("mail", "Über die Miete")
    assert extracted.metadata == {
        "author": "Jörg Groß <joerg@example.org>",
        "created": "Mon, 06 May 2024 08:00:00 +0000",
        "message_id": "<1@x>",
    }


def test_it_is_known_by_its_content_alone() -> None:
    assert read(msg({**MESSAGE, BODY: "Hello."}), "no ending").kind == "mail"


@pytest.mark.parametrize("first", ["", "Microsoft Mail Internet Headers Version 2.0\r\n"])
def test_headers_that_came_with_it_say_more_than_outlook_knows(first: str) -> None:
    came = (
        "Received: from a by b\r\nFrom: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\n"
        "Subject: As sent\r\nDate: Mon, 06 May 2024 10:00:00 +0200\r\n\r\n"
    )

    text = read(msg({**MESSAGE, HEADERS: first + came, SENT: AT_TEN})).text

    assert text == (
        "Über die Miete\n\nFrom: Jörg <j@example.org>\nDate: Mon, 06 May 2024 10:00:00 +0200"
    )


def test_an_address_of_exchange_is_not_shown() -> None:
    sender = {0x0C1A: "Ann Lee", 0x0C1F: "/O=EXAMPLE/OU=FIRST/CN=RECIPIENTS/CN=ANN"}

    assert "From: Ann Lee\n" in read(msg({SUBJECT: "S", **sender, BODY: "Hi."})).text


def test_what_has_no_mail_headers_is_its_subject_and_text() -> None:
    assert read(msg({MESSAGE_CLASS: "IPM.StickyNote", BODY: "Buy milk."})).text == (
        "(no subject)\n\nBuy milk."
    )


# --- bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({BODY: Eight("Größe – 5 €".encode("cp1252")), CODE_PAGE: 1252}, "Größe – 5 €"),
        ({BODY: Eight("Москва".encode("koi8-r")), INTERNET_CODE_PAGE: 20866}, "Москва"),
        ({BODY: Eight("吾輩は猫".encode("cp932")), CODE_PAGE: 932}, "吾輩は猫"),
        ({BODY: Eight("Größe".encode()), CODE_PAGE: 99999}, "Größe"),
        ({HTML: "<p>Größe".encode("latin-1"), INTERNET_CODE_PAGE: 28591}, "Größe"),
        ({HTML: "<meta charset=koi8-r><p>Москва".encode("koi8-r")}, "Москва"),
        ({HTML: "<p>Größe</p>"}, "Größe"),
    ],
)
def test_texts_are_decoded_by_the_code_page_of_the_message(
    properties: dict[int, object], text: str
) -> None:
    assert body_of(properties) == text


PAGE = "<p>Dear <b>Ann</b>,<p style='display:none'>BAD</p><p>" + "the rent is due. " * 30


def test_plain_text_goes_before_html() -> None:
    assert body_of({BODY: "The rent is due. " * 30, HTML: PAGE.encode()}).startswith("The rent")


def test_html_is_read_where_the_plain_text_only_stands_in() -> None:
    text = body_of({BODY: "Please use an HTML viewer.", HTML: PAGE.encode()})

    assert text.startswith("Dear Ann,\n\nthe rent")
    assert "BAD" not in text


# The examples of [MS-OXRTFCP] 4.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a0072637067313235423"
    "20af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
STORED = b"\x1b\0\0\0\x0f\0\0\0MELA\0\0\0\0{\\rtf1 Stored.}"


@pytest.mark.parametrize(
    ("packed", "source", "text"),
    [
        (HELLO, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", "hello world"),
        (CROSSING, b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", "WXYZ" * 5),
        (STORED, b"{\\rtf1 Stored.}", "Stored."),
    ],
)
def test_compressed_rtf_is_read_where_there_is_no_other_body(
    packed: bytes, source: bytes, text: str
) -> None:
    assert decompress_rtf(packed) == source
    assert body_of({RTF: packed}) == text


def test_html_that_was_put_into_rtf_is_its_text() -> None:
    rtf = (
        rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 The rent is due."
        rb"{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0 }"
    )
    packed = len(rtf).to_bytes(4, "little") * 2 + b"MELA\0\0\0\0" + rtf

    assert body_of({RTF: (len(rtf) + 12).to_bytes(4, "little") + packed[4:]}) == "The rent is due."


@pytest.mark.parametrize("packed", [b"short", HELLO[:8] + b"NoNo" + HELLO[12:]])
def test_rtf_that_cannot_be_unpacked_is_said_to_be_damaged(packed: bytes) -> None:
    assert reason(msg({SUBJECT: "S", RTF: packed})) == (
        "damaged: its text (compressed RTF) cannot be unpacked"
    )


@given(st.binary(max_size=200))
def test_any_compressed_rtf_ends(body: bytes) -> None:
    head = (len(body) + 12).to_bytes(4, "little") + b"\xff\xff\0\0LZFu\0\0\0\0"

    assert len(decompress_rtf(head + body)) <= 9 * len(body)


# --- attached files ------------------------------------------------------------------------


def test_attached_files_are_listed_and_read_at_their_place() -> None:
    lease = b"# Lease\n\nTwo years.\n\n## Rent\n\n900."
    files = (attached("Größe.md", lease), attached("a.png", b"\x89PNG\r\n\x1a\n" + bytes(20)))

    extracted = read(msg({**MESSAGE, BODY: "Hello."}, attachments=files))

    assert "Attachments: Größe.md (34 bytes), a.png (28 bytes)" in extracted.text
    rent = extracted.text.index("900.")
    assert extracted.place_of(rent, rent + 4) == "attachment Größe.md"
    assert extracted.place_of(0, 10) == "message"
    assert extracted.heading_at(rent) == "Über die Miete › Größe.md › Lease › Rent"


def test_a_forwarded_message_is_read_where_it_is_attached() -> None:
    older = message(
        {SUBJECT: "Older", BODY: Eight("Größe".encode("cp1252"))},
        attachments=(attached("deep.txt", b"The innermost file."),),
        head=24,
    )

    extracted = read(
        msg({**MESSAGE, CODE_PAGE: 1252, BODY: "See below."}, attachments=(forwarded("x", older),))
    )

    at = extracted.text.index("Older\n\nGröße")
    assert extracted.place_of(at, at + 1) == "attachment Older"
    assert "The innermost file." in extracted.text


def test_messages_in_messages_end_somewhere() -> None:
    inner: Tree = message({SUBJECT: "Innermost"}, head=24)
    for _ in range(6):
        inner = message({SUBJECT: "Outer"}, attachments=(forwarded("in", inner),), head=24)

    text = read(msg(MESSAGE, attachments=(forwarded("in", inner),))).text

    assert text.count("Outer") == 3
    assert "Innermost" not in text


def test_a_signed_message_is_what_was_signed() -> None:
    signed = EmailMessage()
    signed.set_content("The rent is 900.")
    signed.add_attachment("Two years.", filename="lease.txt")
    properties = {**MESSAGE, MESSAGE_CLASS: "IPM.Note.SMIME.MultipartSigned"}

    text = read(msg(properties, attachments=(attached("smime.p7m", signed.as_bytes()),))).text

    assert "The rent is 900.\n\nAttachments: lease.txt" in text
    assert text.endswith("Two years.")


def test_what_steers_a_terminal_does_not_get_into_the_text() -> None:
    file = attached("\x1b[2J.txt", b"inside")

    text = read(msg({SUBJECT: "\x1b]0;evil\x07Rent", BODY: "a\x1b[2Jb"}, attachments=(file,))).text

    assert "\x1b" not in text and text.startswith("Rent\n\nab")


# --- what is no message, and damaged ones --------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        ("WordDocument", "old Word documents (.doc) are not read: save it as .docx"),
        (
            "PowerPoint Document",
            "old PowerPoint presentations (.ppt) are not read: save it as .pptx",
        ),
        ("EncryptedPackage", "encrypted: it needs a password"),
        ("Contents", "an old Office file of a kind that Morgan does not read"),
    ],
)
def test_other_old_office_files_say_what_they_are_even_with_a_message_in_them(
    stream: str, why: str
) -> None:
    content = compound({stream: b"x" * 5000, "ObjectPool": {"_1": message(MESSAGE)}})

    assert reason(content) == why


def test_a_message_with_a_workbook_attached_is_a_message() -> None:
    book = compound({"Workbook": b"x" * 5000})

    assert "Attachments: b.xls" in read(msg(MESSAGE, attachments=(attached("b.xls", book),))).text


WHOLE = msg({**MESSAGE, BODY: "The rent is due. " * 500}, (recipient("Ann", "a@example.org"),))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_message_that_was_cut_off_is_damaged(share: float) -> None:
    assert reason(WHOLE[: int(len(WHOLE) * share)]).startswith("damaged: ")


def test_sectors_in_a_circle_end() -> None:
    content = bytearray(msg({SUBJECT: "S", BODY: "x" * 100_000}))
    fat = content.rindex((2).to_bytes(4, "little") + (3).to_bytes(4, "little"))
    content[fat : fat + 4] = (0).to_bytes(4, "little")

    assert read(bytes(content)).kind == "mail"


def test_a_text_whose_sectors_end_too_early_is_damaged() -> None:
    content = bytearray(msg({SUBJECT: "S", BODY: "x" * 100_000}))
    fat = content.rindex((2).to_bytes(4, "little") + (3).to_bytes(4, "little"))
    content[fat : fat + 4] = (0xFFFFFFFE).to_bytes(4, "little")

    assert reason(bytes(content)) == "damaged: a part of the file is missing or broken"


@pytest.mark.parametrize("at", [44, 64, 72])
def test_tables_larger_than_the_file_are_damage(at: int) -> None:
    content = bytearray(WHOLE)
    content[at : at + 4] = b"\xff\xff\xff\x7f"

    assert reason(bytes(content)) == "damaged: a part of the file is missing or broken"


@given(st.data())
def test_any_damaged_message_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        extracted = read(bytes(content[: data.draw(st.integers(8, len(content)))]))
    except UnreadableFile as error:
        assert error.message
    else:
        assert "\x1b" not in extracted.text


def test_thousands_of_recipients_and_files_do_not_take_long() -> None:
    people = tuple(recipient(f"P{n}", f"p{n}@example.org") for n in range(3000))
    files = tuple(attached(f"f{n}.txt", b"text") for n in range(1500))
    content = msg({**MESSAGE, BODY: "Hello."}, people, files)
    started = time.process_time()

    assert "P499 <p499@example.org>" in read(content).text

    assert time.process_time() - started < 30
