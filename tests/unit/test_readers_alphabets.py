"""Texts in the older encodings of Latin script: their letters tell which it is."""

from __future__ import annotations

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import decoding
from morgan_core.library.readers.alphabets import latin_encoding
from morgan_core.library.readers.decoding import decode

TEXTS = {
    "pl": (
        "Zażółć gęślą jaźń. Wczoraj wieczorem poszliśmy nad rzekę, gdzie żurawie i "
        "łabędzie śpią wśród trzcin. Właściciel mieszkania zobowiązuje się do zwrotu "
        "kaucji w ciągu trzydziestu dni, jeżeli najemca opuści lokal w należytym stanie."
    ),
    "fr": (
        "Le bail prend fin à la date prévue. Où êtes-vous allés cet été ? Les hérons "
        "pêchent près de la rivière, à l'aube, et la forêt s'éveille doucement. Ça coûte "
        "très cher, même à Noël. Le propriétaire doit restituer le dépôt de garantie dans"
        " un délai de deux mois."
    ),
    "de": (
        "Die Mieterin verpflichtet sich, die Wohnung pfleglich zu behandeln. Über die "
        "Höhe der Kaution wird gesondert verfügt. Größere Schäden müssen unverzüglich "
        "gemeldet werden, und für Straßenlärm gibt es keine Minderung."
    ),
    "tr": (
        "Kiracı, kira sözleşmesi süresince daireyi özenle kullanmayı kabul eder. Dün "
        "akşam nehre gittik; balıkçıl kuşları sazlıkta uyuyordu. Çocuklar şimdi okulda ve"
        " öğretmenleri çok iyi."
    ),
    "cs": (
        "Nájemce se zavazuje užívat byt řádně a platit včas nájemné. Včera večer jsme šli"
        " k řece, kde spí volavky. Příliš žluťoučký kůň úpěl ďábelské ódy."
    ),
    "es": (
        "El inquilino se compromete a cuidar la vivienda. ¿Dónde está la llave? Mañana "
        "por la mañana los niños irán al río, después comerán en el jardín. El señor "
        "Núñez pagó la fianza de dos meses."
    ),
    "hu": (
        "A bérlő köteles a lakást rendeltetésszerűen használni. Tegnap este lementünk a "
        "folyóhoz, ahol a gémek alszanak. Árvíztűrő tükörfúrógép, hosszú őszi esők."
    ),
    "ro": (
        "Chiriaşul se obligă să folosească locuinţa cu grijă. Aseară am mers la râu, unde"
        " dorm bâtlanii şi lebedele. Preţul este mare în oraş."
    ),
    "sv": (
        "Hyresgästen förbinder sig att vårda lägenheten väl. Igår kväll gick vi ner till "
        "ån där hägrarna sover. Det är mörkt på vintern även i Skåne."
    ),
    "da": (
        "Lejeren forpligter sig til at passe godt på lejligheden. I går aftes gik vi ned "
        "til åen, hvor hejrerne sover. Det er mørkt om vinteren på Ærø."
    ),
    "pt": (
        "O inquilino compromete-se a cuidar da habitação. Ontem à noite fomos ao rio, "
        "onde as garças dormem. Não há razão para a devolução da caução até ao fim do mês"
        " de março."
    ),
    "it": (
        "L'inquilino si impegna a trattare con cura l'abitazione. Ieri sera siamo andati "
        "al fiume, perché gli aironi dormono lì. È già tardi, però la città è più bella "
        "così."
    ),
}
ENCODINGS = {
    "pl": (
        "cp1250",
        "iso8859_2",
        "cp852",
    ),
    "fr": (
        "cp1252",
        "latin_1",
        "mac_roman",
        "cp850",
    ),
    "de": (
        "cp1252",
        "latin_1",
        "cp850",
        "mac_roman",
    ),
    "tr": (
        "cp1254",
        "iso8859_9",
    ),
    "cs": (
        "cp1250",
        "iso8859_2",
    ),
    "es": (
        "cp1252",
        "latin_1",
        "cp850",
    ),
    "hu": (
        "cp1250",
        "iso8859_2",
    ),
    "ro": (
        "cp1250",
        "iso8859_2",
    ),
    "sv": (
        "cp1252",
        "mac_roman",
    ),
    "da": (
        "cp1252",
        "cp850",
    ),
    "pt": ("cp1252",),
    "it": ("cp1252",),
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, encoding) for language, names in ENCODINGS.items() for encoding in names],
)
@pytest.mark.parametrize("times", [1, 20])
def test_a_text_of_a_language_comes_out_as_it_was_written(
    language: str, encoding: str, times: int
) -> None:
    text = f"{TEXTS[language]}\n" * times

    assert decode(text.encode(encoding))[0] == text


def test_the_usual_name_is_given_to_what_several_encodings_read_alike() -> None:
    assert decode(TEXTS["de"].encode("latin_1"))[1] == "cp1252"


@pytest.mark.parametrize("guessed", ["cp1251", "cp932", "koi8_r"])
def test_other_scripts_are_not_looked_at(guessed: str) -> None:
    assert latin_encoding(TEXTS["fr"].encode("cp1252"), guessed) == guessed


def test_the_guess_stands_where_no_language_has_the_letters() -> None:
    drawing = "╔═══╗ ║ ▓▓▓ ║ ╚═══╝ ".encode("cp437") * 5

    assert latin_encoding(drawing, "cp437") == "cp437"


class Long(bytes):
    """May be looked at, but not decoded as a whole."""

    def decode(self, *_args: object, **_options: object) -> str:
        raise AssertionError("decoded as a whole")


@pytest.mark.parametrize(
    ("content", "why"), [(b"Too long. ", "characters of text"), (b"\1\2\3\4", "binary data")]
)
def test_what_is_far_too_long_to_be_a_text_is_refused_by_its_beginning(
    monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    monkeypatch.setattr(decoding, "MAX_TEXT", 1000)

    with pytest.raises(UnreadableFile, match=why):
        decode(Long(content * 2000))
