"""The extracted texts, kept compressed by the hash of the file they came from."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from morgan_core.library.readers.base import READER_VERSION, Extracted
from morgan_core.library.whole_file import UNFINISHED, write_whole

_LEVEL = 3
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = "readers"

log = logging.getLogger(__name__)


class TextStore:
    """One file per text below ``root``: zstd over msgpack, named by the file's sha256 and the
    version of the readers, so that a better reader never meets the text of an older one.

    All methods block for a disk access; ``sha256`` is 64 lower-case hex digits (ValueError
    otherwise). A text that was put survives the death of the process. A power failure may take
    or damage the last ones, as it may take the last commits of the catalogue; a text that is not
    there or fails its checksum is read from its file again, so nothing waits for the disk.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, sha256: str, extracted: Extracted) -> None:
        """Store the text, replacing one that is there."""
        from zstandard import ZstdCompressor

        packed = msgspec.msgpack.encode(extracted)
        data = ZstdCompressor(level=_LEVEL, write_checksum=True).compress(packed)
        path = self._path(sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, data)

    def get(self, sha256: str) -> Extracted | None:
        """The text, or None when there is none of this version or it is damaged."""
        from zstandard import ZstdDecompressor, ZstdError

        path = self._path(sha256)
        try:
            packed = ZstdDecompressor().decompress(path.read_bytes())
            return msgspec.msgpack.decode(packed, type=Extracted)
        except FileNotFoundError:
            return None
        # A damaged header can ask for any amount of memory.
        except (OSError, ZstdError, msgspec.DecodeError, ValueError, MemoryError) as error:
            log.warning("the stored text %s is damaged: %s", path.name, error)
            return None

    def delete(self, sha256: str) -> None:
        """Remove the text in all versions; nothing happens when there is none."""
        folder = self._path(sha256).parent
        for path in folder.glob(f"{sha256}.*"):
            path.unlink(missing_ok=True)

    def hashes(self) -> Iterator[str]:
        """The hash of every stored text, each once, for finding those without a document."""
        seen: set[str] = set()
        for path in self._root.glob("??/*.zst"):
            sha256 = path.name.partition(".")[0]
            if sha256 not in seen:
                seen.add(sha256)
                yield sha256

    def outdated(self, sha256s: Iterable[str]) -> set[str]:
        """Those of the hashes whose text is of an older version, or missing."""
        return {sha256 for sha256 in sha256s if not self._path(sha256).exists()}

    def drop_outdated(self) -> None:
        """Remove the texts of older versions that are there in the present one, too."""
        for path in self._root.glob("??/*.zst"):
            present = self._path(path.name.partition(".")[0])
            if path != present and present.exists():
                path.unlink(missing_ok=True)

    def is_of_these_readers(self) -> bool:
        """Whether the present version of the readers was the last to ``sign``."""
        try:
            return (self._root / _SIGNATURE).read_text() == str(READER_VERSION)
        except FileNotFoundError:
            return False

    def sign(self) -> None:
        """All that there is was given to the present version of the readers."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._root / _SIGNATURE).write_text(str(READER_VERSION))

    def sweep(self) -> None:
        """Remove what a crash left half written. Call it while nothing is being put."""
        for path in self._root.glob(f"??/{UNFINISHED}*"):
            path.unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise ValueError(f"not a sha256: {sha256!r}")
        return self._root / sha256[:2] / f"{sha256}.{READER_VERSION}.zst"
