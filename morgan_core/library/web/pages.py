"""The pages that were fetched: one file each, and beside it where it came from and when."""

from __future__ import annotations

import asyncio
import codecs
import importlib
import logging
import mimetypes
import re
import time
from collections.abc import Container, Iterable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from morgan_core.library.look import real_path
from morgan_core.library.names import is_below, on_disk
from morgan_core.library.web.fetch import Fetched, clean_url, fetch
from morgan_core.library.whole_file import UNFINISHED, write_whole
from morgan_core.settings import Settings
from morgan_core.types import Record

_HTML = frozenset(("text/html", "application/xhtml+xml"))
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_NOT_IN_HOSTS = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST_NAME = 60
_UTF8 = frozenset(("utf-8", "utf8"))

log = logging.getLogger(__name__)


class Page(Record, frozen=True, kw_only=True):
    """Where a page came from: ``fetched`` is when its present content was first got, ``checked``
    when it was last asked for; ``final_url`` is where redirects led."""

    url: str
    final_url: str
    content_type: str
    fetched: float
    checked: float


class WebPages:
    """The files below ``root``, as ``<host>/<name>-<hash of the URL>.html``, and their URLs.

    Paths are in the text form of ``library.names``, without symbolic links.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings
        self._urls: dict[str, str] = {}

    def load(self) -> None:
        """Read where each page came from. Blocks."""
        for note in self._root.glob("*/.*.json"):
            try:
                page = msgspec.json.decode(note.read_bytes(), type=Page)
            except (OSError, msgspec.DecodeError) as error:
                log.warning("%s cannot be read: %s", note, error)
                continue
            self._urls[real_path(str(_file(note)))] = page.url

    def sweep(self, known: Container[str]) -> None:
        """Delete the pages at no ``known`` path, which nobody asks for again: Morgan died after
        they were fetched and before anything else was told of them. Blocks."""
        for unfinished in self._root.glob(f"*/{UNFINISHED}*"):
            unfinished.unlink(missing_ok=True)
        for entry in list(self._root.glob("*/*")):
            file = _file(entry) if entry.suffix == ".json" and entry.name[0] == "." else entry
            path = real_path(str(file))
            if path not in known:
                self._delete(file)
                self._urls.pop(path, None)

    def shown(self, path: str) -> str:
        """The page's URL where ``path`` is one of our files, else ``path``."""
        return self._urls.get(path, path)

    def path_of(self, url: str) -> str | None:
        """The file of the page at ``url``, None when it was never fetched. Raises BadInput."""
        wanted = clean_url(url)
        return next((path for path, known in self._urls.items() if known == wanted), None)

    async def fetch(self, url: str) -> str:
        """Get the page and return the path of its file, which is not touched when the content is
        what it was. Raises MorganError that names the page, also when it cannot be kept."""
        await asyncio.to_thread(importlib.import_module, "aiohttp")
        wanted = clean_url(url)
        fetched = await fetch(
            wanted,
            max_bytes=self._settings.max_file_size,
            private_hosts=self._settings.private_hosts,
        )
        return await asyncio.to_thread(self._keep, wanted, fetched)

    async def remove(self, paths: Iterable[str]) -> None:
        """Delete the pages at or below ``paths``."""
        gone = [page for page in self._urls if any(is_below(page, path) for path in paths)]
        for path in gone:
            await asyncio.to_thread(self._delete, Path(on_disk(path)))
            del self._urls[path]

    def _keep(self, url: str, fetched: Fetched) -> str:
        path = self.path_of(url)
        file = Path(on_disk(path)) if path else self._root / _name(url, fetched)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content, now, note = _in_utf8(fetched), time.time(), _note(file)
        since = now
        try:
            if file.read_bytes() == content:
                since = msgspec.json.decode(note.read_bytes(), type=Page).fetched
        except (OSError, msgspec.DecodeError):
            pass  # it is new, or its note is lost
        page = Page(
            url=url,
            final_url=fetched.url,
            content_type=fetched.content_type,
            fetched=since,
            checked=now,
        )
        write_whole(note, msgspec.json.encode(page))
        if since == now:
            write_whole(file, content)
        kept = real_path(str(file))
        self._urls[kept] = url
        return kept

    def _delete(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        _note(file).unlink(missing_ok=True)
        try:
            file.parent.rmdir()
        except OSError:
            pass  # other pages of the host


def _note(file: Path) -> Path:
    return file.with_name(f".{file.name}.json")


def _file(note: Path) -> Path:
    return note.with_name(note.name[1:].removesuffix(".json"))


def _name(url: str, fetched: Fetched) -> Path:
    parts = urlsplit(url)
    last = PurePosixPath(unquote(parts.path))
    host = _NOT_IN_HOSTS.sub("-", parts.hostname or "").strip(".-")[:100] or "host"
    slug = _NOT_IN_NAMES.sub("-", last.stem).strip("-")[:_LONGEST_NAME] or "index"
    suffix = _suffix(last.suffix.lower(), fetched.content_type)
    return Path(host) / f"{slug}-{sha256(url.encode()).hexdigest()[:12]}{suffix}"


def _suffix(given: str, content_type: str) -> str:
    """The ending that tells the readers what the server said it sent."""
    if content_type in _HTML:
        return ".html"
    if _SUFFIX.fullmatch(given):
        return given
    return mimetypes.guess_extension(content_type) or ""


def _in_utf8(fetched: Fetched) -> bytes:
    """The content; a text whose encoding only the server's answer tells in UTF-8, with its mark,
    which goes before what the page says itself (WHATWG HTML, encoding sniffing)."""
    if not fetched.charset or fetched.charset.lower() in _UTF8:
        return fetched.content
    if fetched.content_type not in _HTML and not fetched.content_type.startswith("text/"):
        return fetched.content
    try:
        return codecs.BOM_UTF8 + fetched.content.decode(fetched.charset).encode()
    except (LookupError, UnicodeError):
        return fetched.content
