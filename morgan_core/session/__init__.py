"""The entrance to Morgan: own the data directory, or attach to the process that owns it."""

from __future__ import annotations

from morgan_core.session.entrance import attach, open_morgan
from morgan_core.session.session import Session

__all__ = ["Session", "attach", "open_morgan"]
