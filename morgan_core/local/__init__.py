"""Morgan in this process: the implementation of the protocol that owns the stores."""

from morgan_core.local.core import LocalMorgan

__all__ = ["LocalMorgan"]
