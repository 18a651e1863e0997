"""Which language a text is in, by its script and, for Latin script, its function words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

_SAMPLE = 20_000

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "[\u3041-\u30ff\uff66-\uff9f]"),
    ("ko", "[\u1100-\u11ff\uac00-\ud7a3]"),
    ("zh", "[\u3400-\u4dbf\u4e00-\u9fff]"),
    ("ru", "[\u0400-\u04ff]"),
    ("el", "[\u0370-\u03ff]"),
    ("ar", "[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"),
    ("he", "[\u0590-\u05ff]"),
    ("hi", "[\u0900-\u097f]"),
    ("bn", "[\u0980-\u09ff]"),
    ("ta", "[\u0b80-\u0bff]"),
    ("te", "[\u0c00-\u0c7f]"),
    ("th", "[\u0e00-\u0e7f]"),
    ("ka", "[\u10a0-\u10ff]"),
    ("hy", "[\u0530-\u058f]"),
)
_SCRIPT_PATTERNS = tuple((code, re.compile(pattern)) for code, pattern in _SCRIPTS)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+")

# Function words that are frequent in one of these languages and rare in the others.
_WORDS = {
    "en": "the and of to in is that for with was are this be by from have which not you it or a "
    "an as at on do no so i has were their its been will would can should all if who more than",
    "de": "der die und das ist nicht ein eine den von zu mit sich des auf für im dem auch als "
    "wird wurde sind bei oder nach aus werden durch einer über kann zum zur wie haben nur",
    "fr": "le la les des et est une dans que pour qui pas du sur par au plus avec ce sont cette "
    "ou nous vous être aux leur ses été elle ils mais comme aussi fait sans",
    "es": "el los las que en del y una por con para es se su como más pero fue este esta al lo "
    "sus entre cuando muy sobre también hasta desde hay son todo está",
    "it": "il di che è la per una del della non si con gli le dei nel sono da alla anche delle "
    "più come dal questo ha ma nella al essere stato suo loro degli",
    "pt": "o que não uma os para com do da em mais dos das no na por se ao como foi são mas pelo "
    "também pela seu sua ou quando muito já está à ser tem",
    "nl": "het een van en de is dat niet op te zijn voor met die in aan er om ook als wordt door "
    "maar bij naar uit werd dan heeft worden nog zich hebben deze",
    "sv": "och att det som en är på för med den av inte till har var ett om från men jag kan så "
    "de eller ska vi när under efter vid också mycket",
    "da": "og at det en er på til af med den for ikke som der de har et var fra men kan om jeg "
    "blev eller ved efter også være hvor skal mere",
    "no": "og det å er en på for til av som med ikke den har et var fra om men kan jeg ble eller "
    "ved etter også være hvor skal mer hadde noe",
    "fi": "ja on ei se että oli hän mutta joka ovat kun myös niin kuin ole tai sen ollut mukaan "
    "sekä voi jos vain siitä jotka hänen",
    "pl": "i w nie na się z do to że jest o jak po co za od ale przez dla są tym który oraz być "
    "może jego tylko już przy także lub",
    "cs": "a se v je na že to s z do o i jako ale za po by pro jsem podle byl které jsou který "
    "také již nebo však tak aby jeho",
    "ro": "și în de la a cu pe nu un o este să care din mai pentru ce sunt au fost prin după sau "
    "dar acest această fi ca lui",
    "hu": "a az és hogy nem is egy ez volt meg csak de van mint ha már még vagy azt kell lehet "
    "után között szerint amely nagy",
    "tr": "ve bir bu için da de ile olarak çok daha gibi olan ne var en kadar sonra ya her değil "
    "ancak tarafından olduğu",
}
_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _code, _words in _WORDS.items():
    for _one in _words.split():
        _LANGUAGES_OF[_one] = (*_LANGUAGES_OF.get(_one, ()), _code)


_LEAST_SHARE = 0.12
"""Function words are a quarter to half of the words of prose; tables and Lorem ipsum have few."""

_ENCODINGS = {
    "cp932": "ja",
    "shift_jis": "ja",
    "euc_jp": "ja",
    "iso2022_jp": "ja",
    "gb": "zh",
    "hz": "zh",
    "big5": "zh",
    "cp949": "ko",
    "euc_kr": "ko",
    "johab": "ko",
}


def guess_language(text: str, encoding: str = "") -> str:
    """The ISO 639-1 code of the language that most of ``text`` is in; ``en`` when in doubt.

    A script that only few languages use decides by itself (kana before Han, so that Japanese is
    not taken for Chinese; without kana the ``encoding`` tells). Latin text goes to the language
    whose function words it holds, each word shared equally among the languages that have it.
    """
    sample = _sample(text)
    latin = len(_LATIN.findall(sample))
    counts = {code: len(pattern.findall(sample)) for code, pattern in _SCRIPT_PATTERNS}
    if counts["ja"] > 0.05 * counts["zh"]:
        counts["ja"] += counts.pop("zh")
    # One Han or Hangul character says as much as several letters.
    weights = {"zh": 3, "ja": 3, "ko": 2}
    best = max(counts, key=lambda code: counts[code] * weights.get(code, 1))
    if not counts[best] or counts[best] * weights.get(best, 1) <= latin:
        return _guess_latin(sample)
    if best == "zh":
        return next((to for name, to in _ENCODINGS.items() if encoding.startswith(name)), best)
    return "uk" if best == "ru" and _is_ukrainian(sample) else best


def _sample(text: str) -> str:
    """Beginning, middle and end: front matter is often in another language than the text."""
    if len(text) <= _SAMPLE:
        return text
    third = _SAMPLE // 3
    middle = (len(text) - third) // 2
    return " ".join((text[:third], text[middle : middle + third], text[-third:]))


def _guess_latin(sample: str) -> str:
    words = _WORD.findall(sample.lower())
    scores: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for word in words:
        languages = _LANGUAGES_OF.get(word, ())
        for code in languages:
            scores[code] += 1 / len(languages)
            counts[code] += 1
    likely = [code for code in scores if counts[code] >= _LEAST_SHARE * len(words)]
    return max(likely, key=lambda code: (scores[code], code == "en"), default="en")


def _is_ukrainian(sample: str) -> bool:
    return len(re.findall("[іїєґ]", sample)) > len(re.findall("[ыэъё]", sample))
