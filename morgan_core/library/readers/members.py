"""What archives share: each file in them is read by its own format and is a section of the text.

Nothing is written to disk: paths are names here, wherever they point.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from morgan_core.errors import UnreadableFile
from morgan_core.library.name_rules import SECRET, why_skip_path
from morgan_core.library.readers.archive import Bomb
from morgan_core.library.readers.base import ARCHIVE, ARCHIVES_OFF, Extracted, Source
from morgan_core.library.readers.building import Builder
from morgan_core.library.readers.opening import readable_size
from morgan_core.library.secret_files import holds_private_key
from morgan_core.sanitise import sanitise_name
from morgan_core.types import Record

MAX_MEMBER = 100 * 1024 * 1024
"""Largest file in an archive that is read, in bytes."""

_HEAD = 64 * 1024
_LONGEST_PATH = 300
_DAMAGED = re.compile(r"(?:a )?damaged\b")
_LEFT_OUT = "Left out of this archive"


class Member(Record, frozen=True):
    """A file in an archive: its path as the archive has it, and its length when it is unpacked.

    ``read`` unpacks it; it raises UnreadableFile with the reason, and Bomb where nothing else of
    the archive is to be read either. ``why_not`` is the reason why it is not to be read at all.
    """

    path: str
    size: int
    read: Callable[[], bytes]
    why_not: str = ""


def switched_off(kind: str) -> UnreadableFile:
    """The reason of an archive of this ``kind`` that is not to be opened."""
    return UnreadableFile(
        f"{ARCHIVES_OFF} ({kind})",
        mend="Switch them on with the setting read_archives, or unpack it.",
    )


def read_members(members: Iterable[Member]) -> Extracted:
    """The text of every file that can be read, in the order of the archive, at its path; at the
    end, how many are left out for each reason."""
    builder = Builder()
    left_out: Counter[str] = Counter()
    read = 0
    for member in members:
        path = shown_path(member.path)
        try:
            extracted = _read(member)
        except Bomb:
            raise
        except UnreadableFile as error:
            left_out[_reason(error)] += 1
            continue
        read += 1
        builder.file()
        builder.place(path)
        builder.heading(path, 1)
        builder.embed(extracted, below=1, place=path)
    counts = [f"{count}: {reason}" for reason, count in left_out.most_common()]
    if not read:
        raise UnreadableFile(_nothing(left_out))
    if counts:
        builder.file()
        builder.place(_LEFT_OUT.lower())
        builder.heading(_LEFT_OUT, 1)
        builder.add("\n".join(f"- {line}" for line in counts))
    metadata = {"files": str(read), "left_out": str(left_out.total())}
    return builder.extracted(ARCHIVE, title="", metadata=metadata)


def shown_path(path: str) -> str:
    """A path as one line, from the archive's top on; ``..`` in it stays visible."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    shown = sanitise_name("/".join(parts))
    return shown if len(shown) <= _LONGEST_PATH else f"…{shown[-_LONGEST_PATH:]}"


def _read(member: Member) -> Extracted:
    """The text of one file. Raises UnreadableFile with the reason."""
    from morgan_core.library.readers import extract

    path = member.path.replace("\\", "/")
    if why_not := member.why_not or why_skip_path(path):
        raise UnreadableFile(why_not)
    if member.size > MAX_MEMBER:
        raise UnreadableFile(f"larger than {readable_size(MAX_MEMBER)}")
    content = member.read()
    name = path.rpartition("/")[2]
    if not content:
        raise UnreadableFile("empty")
    if holds_private_key(content[:_HEAD], name):
        raise UnreadableFile(SECRET)
    try:
        extracted = extract(Source(name=name, content=content))
    except RecursionError as error:
        raise UnreadableFile("nested too deeply to be read") from error
    except Bomb as error:  # an Office file, which the others need not suffer for
        raise UnreadableFile("it unpacks to too much") from error
    if not extracted.text.strip():
        raise UnreadableFile("no text in it")
    return extracted


def _reason(error: UnreadableFile) -> str:
    """The reason without the name of the file or of a part of it, so that it can be counted."""
    if error.message.startswith(ARCHIVES_OFF):
        return "an archive in the archive"
    return "damaged" if _DAMAGED.match(error.message) else error.message


def _nothing(left_out: Counter[str]) -> str:
    if not left_out:
        return "there are no files in the archive"
    listed = "; ".join(f"{count}: {reason}" for reason, count in left_out.most_common(5))
    return f"nothing in the archive can be read ({listed})"
