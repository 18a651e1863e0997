"""Where disks are mounted, and which of them do not report what changes on them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from morgan_core.library.names import is_below, to_text

_MOUNTS = Path("/proc/self/mountinfo")

_REMOTE = frozenset(
    {
        "9p",
        "afs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "gfs",
        "gfs2",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
    }
)
_LOCAL_FUSE = frozenset({"fuse.gocryptfs", "fuse.encfs", "fuse.cryfs", "fuse.securefs"})
_OCTAL = re.compile(r"\\([0-7]{3})")


def mount_points() -> frozenset[str]:
    """Where something is mounted now, in the text form of ``names``; empty when the system does
    not tell."""
    if sys.platform == "linux":
        points = (point for point, _ in _mounted())
    else:
        import psutil

        points = (partition.mountpoint for partition in psutil.disk_partitions(all=True))
    return frozenset(map(to_text, points))


def silent_mount(folder: str) -> tuple[str, str] | None:
    """The mount point and the type of a file system in which others can change files below
    ``folder`` without an event here; None when there is none.

    The one that holds ``folder`` itself goes before those below it. Only Linux tells.
    """
    if sys.platform != "linux":
        return None
    holding, kind_of_it = "", ""
    below: tuple[str, str] | None = None
    for point, kind in _mounted():
        if is_below(folder, point) and len(point) >= len(holding):
            holding, kind_of_it = point, kind
        elif is_below(point, folder) and _is_silent(kind):
            below = below or (point, kind)
    return (holding, kind_of_it) if _is_silent(kind_of_it) else below


def _is_silent(kind: str) -> bool:
    return kind in _REMOTE or (
        (kind == "fuse" or kind.startswith("fuse.")) and kind not in _LOCAL_FUSE
    )


def _mounted() -> Iterator[tuple[str, str]]:
    """Mount points and types, later mounts last (proc_pid_mountinfo(5))."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) > 4 and kinds[0]:
            yield _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]), kinds[0]
