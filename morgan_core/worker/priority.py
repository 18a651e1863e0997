"""Standing back from the processor, so that what a person waits for goes first."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_GROUP = Path("/proc/self/autogroup")


def stand_back(by: int) -> None:
    """Make this process nicer by ``by``, and as much its session, of which it is the leader.

    Linux may share the processor between sessions first and only then, by niceness, within them
    (autogroup, see sched(7)). Every child has a session of its own, so that its niceness alone
    would count for nothing against the screen's. Does nothing where there is no niceness.
    """
    if not by or not hasattr(os, "nice"):
        return
    niceness = os.nice(by)
    # Not every kernel has autogroups, and it takes a change by an ordinary user now and then only.
    with contextlib.suppress(OSError):
        _GROUP.write_text(str(niceness))


def stand_back_here(by: int) -> None:
    """Make the calling thread, and those that it will start, nicer by ``by`` than the other threads
    of the process; on Linux, where niceness belongs to threads."""
    if sys.platform == "linux":
        os.nice(by)
