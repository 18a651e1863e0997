"""The library child as a platform without PDEATHSIG has it: the kernel does not end it when its
parent is killed, and while it is stopped it cannot notice. It is an orphan then."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from morgan_core.library import process
from morgan_core.library.process import LibraryProcess
from morgan_core.worker.main import Parent

PR_SET_PDEATHSIG = 1


async def start(config: dict[str, Any], parent: Parent) -> LibraryProcess:
    if sys.platform == "linux":
        assert ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0
    return await process.start(config, parent)
