"""OLE compound files made for the tests ([MS-CFB], version 3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Union

Tree = Mapping[str, Union[bytes, "Tree"]]

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096


def compound(tree: Tree) -> bytes:
    """A file with these storages (mappings) and streams (bytes)."""
    entries: list[list] = [["Root Entry", 5, _FREE, _FREE, _FREE, _END, 0]]
    streams: list[tuple[int, bytes]] = []
    entries[0][4] = _add(tree, entries, streams)

    sectors: list[bytes] = []
    fat: list[int] = []
    mini = b""
    minifat: list[int] = []
    for at, content in streams:
        if len(content) >= _CUTOFF:
            entries[at][5] = _chain(content, sectors, fat)
        elif content:
            first, count = len(minifat), -(-len(content) // _MINI)
            minifat += [*range(first + 1, first + count), _END]
            mini += content.ljust(count * _MINI, b"\0")
            entries[at][5] = first
    entries[0][5], entries[0][6] = _chain(mini, sectors, fat), len(mini)
    table = struct.pack(f"<{len(minifat)}I", *minifat)
    minifat_at, minifat_count = _chain(table, sectors, fat, fill=b"\xff"), -(-len(table) // _SECTOR)
    directory_at = _chain(b"".join(_entry(*one) for one in entries), sectors, fat)

    fat_count = 1
    while fat_count * (_SECTOR // 4) < len(fat) + fat_count:
        fat_count += 1
    fat_at = len(fat)
    fat += [_FAT] * fat_count
    fat += [_FREE] * (fat_count * (_SECTOR // 4) - len(fat))
    difat = [fat_at + n for n in range(fat_count)]
    difat += [_FREE] * (109 - len(difat))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, fat_count, directory_at, 0, _CUTOFF, minifat_at, minifat_count, _END, 0),
        *difat,
    )
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _add(tree: Tree, entries: list[list], streams: list[tuple[int, bytes]]) -> int:
    """Add what is in a storage; return the entry at the top of its balanced tree."""
    placed = []
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content, at = tree[name], len(entries)
        placed.append(at)
        if isinstance(content, bytes):
            entries.append([name, 2, _FREE, _FREE, _FREE, _END, len(content)])
            streams.append((at, content))
        else:
            entries.append([name, 1, _FREE, _FREE, _FREE, 0, 0])
            entries[at][4] = _add(content, entries, streams)
    return _balance(placed, entries)


def _balance(placed: list[int], entries: list[list]) -> int:
    if not placed:
        return _FREE
    middle = len(placed) // 2
    entries[placed[middle]][2] = _balance(placed[:middle], entries)
    entries[placed[middle]][3] = _balance(placed[middle + 1 :], entries)
    return placed[middle]


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII36xIQ", raw, len(raw), kind, 1, left, right, child, start, size)


def _chain(content: bytes, sectors: list[bytes], fat: list[int], *, fill: bytes = b"\0") -> int:
    """Store ``content`` in sectors of its own; return the first."""
    if not content:
        return _END
    first, count = len(fat), -(-len(content) // _SECTOR)
    padded = content.ljust(count * _SECTOR, fill)
    sectors += [padded[at : at + _SECTOR] for at in range(0, len(padded), _SECTOR)]
    fat += [*range(first + 1, first + count), _END]
    return first


# --- Outlook messages ([MS-OXMSG]) ---------------------------------------------------------


def outlook_item(head: int, properties: Mapping[int, object], **parts: Tree) -> Tree:
    """A storage with these properties; ``head`` is the length of its property stream's header.

    Texts, bytes, integers and flags are stored as what they are; ``Eight`` is text of one byte a
    character, ``Time`` 100 ns since 1601.
    """
    fixed = b"\0" * head
    streams: dict[str, bytes | Tree] = dict(parts)
    for ident, value in properties.items():
        if isinstance(value, bool):
            fixed += struct.pack("<HHIQ", 0x000B, ident, 6, value)
        elif isinstance(value, Time):
            fixed += struct.pack("<HHIQ", 0x0040, ident, 6, value)
        elif isinstance(value, int):
            fixed += struct.pack("<HHIQ", 0x0003, ident, 6, value)
        else:
            kind, content = _kind(value)
            fixed += struct.pack("<HHIQ", kind, ident, 6, len(content))
            streams[f"__substg1.0_{ident:04X}{kind:04X}"] = content
    streams["__properties_version1.0"] = fixed
    return streams


class Time(int):
    pass


class Eight(bytes):
    pass


def _kind(value: object) -> tuple[int, bytes]:
    if isinstance(value, Eight):
        return 0x001E, bytes(value)
    if isinstance(value, bytes):
        return 0x0102, value
    return 0x001F, str(value).encode("utf-16-le")


def recipient(name: str, address: str, kind: int = 1) -> Tree:
    return outlook_item(8, {0x3001: name, 0x39FE: address, 0x0C15: kind})


def attached(name: str, content: bytes) -> Tree:
    return outlook_item(8, {0x3707: name, 0x3701: content, 0x3705: 1})


def forwarded(name: str, message: Tree) -> Tree:
    return outlook_item(8, {0x3001: name, 0x3705: 5}, **{"__substg1.0_3701000D": message})


def message(
    properties: Mapping[int, object],
    *,
    recipients: tuple[Tree, ...] = (),
    attachments: tuple[Tree, ...] = (),
    head: int = 32,
) -> Tree:
    """A message; ``head`` is 24 where it is attached to another one."""
    parts = {f"__recip_version1.0_#{n:08X}": one for n, one in enumerate(recipients)}
    parts |= {f"__attach_version1.0_#{n:08X}": one for n, one in enumerate(attachments)}
    return outlook_item(head, properties, **parts)


def msg(
    properties: Mapping[int, object],
    recipients: tuple[Tree, ...] = (),
    attachments: tuple[Tree, ...] = (),
) -> bytes:
    """An Outlook message as a file."""
    return compound(message(properties, recipients=recipients, attachments=attachments))
