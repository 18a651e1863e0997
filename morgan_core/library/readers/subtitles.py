"""Subtitles (SubRip, WebVTT, SubStation Alpha): what is said, at the time when it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import LINE, PARAGRAPH, Builder
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.text import read_text

_SUFFIXES = frozenset((".srt", ".vtt", ".ass", ".ssa"))
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$", re.M)
_CLOCK = re.compile(_TIME)
_SRT = re.compile(rf"\s*\d+[ \t]*\r?\n[ \t]*{_TIME}[ \t]*-->")
_VTT = re.compile(r"WEBVTT(?:[ \t]+-?[ \t]*(\S.*?))?[ \t]*$", re.M)
_ASS_TITLE = re.compile(r"^Title:[ \t]*(\S.*?)[ \t]*$", re.M)
_ASS_FORMAT = re.compile(r"^\[Events\][^\[]*?^Format:([^\n]*)$", re.M | re.I)
_ASS_LINE = re.compile(r"^Dialogue:[ \t]*(.*)$", re.M)
_ASS_FIELDS = "layer,start,end,style,name,marginl,marginr,marginv,effect,text"

_NUMBER = re.compile(r"[ \t]*\d+[ \t]*")
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,200})?[ \t]+([^>\n]{1,200})>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<[\d:.]+>")
_OVERRIDE = re.compile(r"\{\\[^}]{0,500}\}")
_DRAWING = re.compile(r"\{[^}]{0,200}\\p[1-9][^}]{0,200}\}")
_BREAK = re.compile(r"\\[Nnh]")
_PAUSE = 4.0
"""Seconds of silence that begin a new paragraph."""


class _Cue(NamedTuple):
    start: float
    end: float
    text: str


def read_subtitles(source: Source) -> Extracted:
    """One line per cue, at the time it begins: the place of a passage is ``00:12:03 – 00:12:37``.

    Speakers stand before what they say. Lines that the next cue repeats, as in captions that roll
    up, are there once. A file without any cue is read as plain text.
    """
    raw, encoding = decode(source.content)
    raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    script = _opens_like_script(raw)
    cues = sorted(_dialogue(raw) if script else _timed(raw), key=lambda cue: cue.start)
    if not cues:
        return read_text(source)
    builder = Builder()
    silent_since, last = 0.0, ""
    for cue in cues:
        lines = [line for line in _lines(cue.text) if line != last]
        if lines:
            last = lines[-1]
            builder.place(_shown(cue.start))
            builder.add(LINE.join(lines), gap=_gap(cue.start - silent_since))
        silent_since = max(silent_since, cue.end)
    title = _ASS_TITLE.search(raw[:2000]) if script else _VTT.match(raw)
    return builder.extracted(
        "subtitles", title=title[1] or "" if title else "", metadata={"encoding": encoding}
    )


def _gap(pause: float) -> str:
    return PARAGRAPH if pause >= _PAUSE else LINE


def _timed(raw: str) -> Iterator[_Cue]:
    """The cues of SubRip and WebVTT: below each line of times, up to a blank line."""
    for match, following in pairwise([*_TIMING.finditer(raw), None]):
        assert match is not None
        body = raw[match.end() : following.start() if following else len(raw)].lstrip("\n")
        text = body.partition("\n\n")[0].rstrip("\n")
        if following and body == text + "\n" and _NUMBER.fullmatch(text.rpartition("\n")[2]):
            text = text.rpartition("\n")[0]  # the next cue's number, without a blank line before
        text = _VOICE.sub(r"\1: ", text)
        text = html.unescape(_TAG.sub("", _OVERRIDE.sub("", text)))
        yield _Cue(_seconds(*match.groups()[:4]), _seconds(*match.groups()[4:]), text)


def _dialogue(raw: str) -> Iterator[_Cue]:
    """The spoken lines of a script; its drawings and comments are left out."""
    layout = _ASS_FORMAT.search(raw)
    names: str = layout[1] if layout else _ASS_FIELDS
    fields = [field.strip().lower() for field in names.split(",")]
    for line in _ASS_LINE.finditer(raw):
        parts: list[str] = line[1].split(",", len(fields) - 1)
        values = dict(zip(fields, parts, strict=False))
        text = values.get("text", "")
        start, end = (_CLOCK.match(values.get(key, "").strip()) for key in ("start", "end"))
        if start is None or end is None or _DRAWING.search(text):
            continue
        text = _BREAK.sub(lambda m: " " if m[0] == r"\h" else "\n", _OVERRIDE.sub("", text))
        speaker = (values.get("name") or values.get("actor") or "").strip()
        said = f"{speaker}: {text.strip()}" if speaker and text.strip() else text
        yield _Cue(_seconds(*start.groups()), _seconds(*end.groups()), said)


def _lines(text: str) -> list[str]:
    """A cue's lines: those of one sentence joined, those of several speakers apart."""
    lines: list[str] = []
    for line in (part.strip() for part in text.split("\n")):
        if lines and line and not line.startswith(("-", "–", "—")):
            lines[-1] += f" {line}"
        elif line:
            lines.append(line)
    return lines


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + float(f"0.{fraction}")


def _shown(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"


def _opens_like_script(raw: str) -> bool:
    return raw.lstrip("\ufeff \n").lower().startswith("[script info]")


def _claims(source: Source) -> bool:
    if source.suffix in _SUFFIXES:
        return True
    head = source.content[:400].decode("utf-8-sig", errors="ignore").replace("\r\n", "\n")
    return bool(_SRT.match(head) or _VTT.match(head)) or _opens_like_script(head)


FORMAT = Format(name="subtitles", rank=45, claims=_claims, read=read_subtitles)
