"""Opening files that may be anything: pipes, devices, links, files that grow while read."""

from __future__ import annotations

import errno
import os
import stat

from morgan_core.errors import UnreadableFile
from morgan_core.library.nofollow import open_below

_BLOCK = 1024 * 1024
_NOT_REGULAR = (
    (stat.S_ISDIR, "it is a folder, not a file"),
    (stat.S_ISFIFO, "it is a named pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)
_REASONS = {
    errno.ENOENT: "the file is gone",
    errno.ENOTDIR: "the folder it was in is gone",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "it is a symbolic link",
    errno.ENXIO: "it is a socket or a pipe, not a file",
    errno.EIO: "the disk reports an error while reading it",
    errno.ESTALE: "the network drive lost the file",
    errno.ENOTCONN: "the network drive is not connected",
}

_GONE = (FileNotFoundError, NotADirectoryError)


def read_bytes(
    path: str | os.PathLike[str], max_bytes: int, *, root: str | os.PathLike[str] | None = None
) -> bytes:
    """Return the content of the regular file at ``path``, at most ``max_bytes`` long.

    Never follows a symbolic link below ``root`` (by default ``path`` itself) and never waits for
    a pipe. Raises UnreadableFile with the reason; its detail ``gone`` tells whether there is no
    file.
    """
    where = os.fspath(path)
    try:
        # O_BINARY is Windows' own; the other flags do not exist there.
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = open_below(where if root is None else os.fspath(root), where, flags)
        try:
            return _read_regular(descriptor, max_bytes)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise UnreadableFile(reason, gone=isinstance(error, _GONE)) from error


def _read_regular(descriptor: int, max_bytes: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        reason = next((why for is_kind, why in _NOT_REGULAR if is_kind(status.st_mode)), None)
        raise UnreadableFile(reason or "it is not a regular file")
    if status.st_size > max_bytes:
        raise too_large(max_bytes)
    content = bytearray()
    while block := os.read(descriptor, min(_BLOCK, max_bytes + 1 - len(content))):
        content += block
        if len(content) > max_bytes:
            raise too_large(max_bytes)
    return bytes(content)


def too_large(max_bytes: int) -> UnreadableFile:
    return UnreadableFile(
        f"larger than {readable_size(max_bytes)}", mend="Raise the setting max_file_size."
    )


def readable_size(count: int) -> str:
    """``count`` bytes in the largest unit that leaves at least 1: ``100 MiB``."""
    size, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"
