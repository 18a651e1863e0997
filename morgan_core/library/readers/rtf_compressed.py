"""The compressed RTF that Outlook keeps bodies in ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

from morgan_core.errors import UnreadableFile

_HEADER = struct.Struct("<II4sI")
_COMPRESSED, _STORED = b"LZFu", b"MELA"
_WINDOW = 4096
# What the window holds at the beginning ([MS-OXRTFCP] 2.1.2.1).
_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def decompress_rtf(content: bytes) -> bytes:
    """The RTF source, at most nine times as long as ``content``. Raises UnreadableFile."""
    if len(content) < _HEADER.size:
        raise _damaged()
    size, raw_size, kind, _ = _HEADER.unpack_from(content)
    body = memoryview(content)[_HEADER.size : size + 4]
    if kind == _STORED:
        return bytes(body[:raw_size])
    if kind != _COMPRESSED:
        raise _damaged()
    return _expand(body)[:raw_size]


def _expand(body: memoryview) -> bytes:
    """Runs of eight tokens, each run below a byte that says which of them refer to the window."""
    window = bytearray(_START.ljust(_WINDOW))
    write = len(_START)
    out = bytearray()
    rest = iter(body)
    for control in rest:
        for bit in range(8):
            first = next(rest, None)
            if first is None:
                return bytes(out)
            if control >> bit & 1:
                second = next(rest, None)
                if second is None or (start := first << 4 | second >> 4) == write:
                    return bytes(out)
                places = range(start, start + (second & 0xF) + 2)
            else:
                window[write] = first
                places = range(write, write + 1)
            for place in places:
                byte = window[write] = window[place % _WINDOW]
                out.append(byte)
                write = (write + 1) % _WINDOW
    return bytes(out)


def _damaged() -> UnreadableFile:
    return UnreadableFile("damaged: its text (compressed RTF) cannot be unpacked")
