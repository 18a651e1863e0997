"""Where Morgan keeps things."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from morgan_core.types import Record


class Paths(Record, frozen=True, kw_only=True):
    """The directories of one installation. ``data`` identifies it."""

    data: Path
    config: Path
    cache: Path
    logs: Path

    @property
    def lock(self) -> Path:
        return self.data / "morgan.lock"

    @property
    def database(self) -> Path:
        return self.data / "morgan.db"

    @property
    def index(self) -> Path:
        return self.data / "index"

    @property
    def texts(self) -> Path:
        return self.data / "texts"

    @property
    def pages(self) -> Path:
        """The web pages that were learned."""
        return self.data / "pages"

    @property
    def paused(self) -> Path:
        """There while the library is paused."""
        return self.data / "paused"

    @property
    def journal(self) -> Path:
        return self.data / "journal"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def token(self) -> Path:
        """The loopback token, used where the platform has no Unix sockets."""
        return self.data / "token"

    @property
    def socket(self) -> Path:
        """The owner's Unix socket, short enough for sun_path (about 100 bytes)."""
        import hashlib

        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return self.sockets / f"{name}.sock"

    @property
    def sockets(self) -> Path:
        """The directory of the sockets of all our data directories."""
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime and Path(runtime).is_dir():
            return Path(runtime) / "morgan"
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return _temporary() / f"morgan-{user}"

    def create(self) -> None:
        """Create the directories, readable by their owner only."""
        for path in (self.data, self.cache, self.logs, self.sockets):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sys.platform != "win32" and path.stat().st_uid == os.getuid():
                path.chmod(0o700)


def find_paths(data_dir: str | os.PathLike[str] | None = None) -> Paths:
    """Resolve the directories: ``data_dir``, else ``MORGAN_DATA_DIR``, else the platform's.

    With an explicit data directory, cache and logs lie below it. ``MORGAN_CONFIG_DIR`` moves
    the config directory.
    """
    chosen = data_dir or os.environ.get("MORGAN_DATA_DIR")
    given = os.environ.get("MORGAN_CONFIG_DIR")
    if chosen and given:
        return _below(chosen, Path(given))

    import platformdirs  # only here: a quick command is held up by every import

    config = Path(given or platformdirs.user_config_path("morgan", appauthor=False))
    if chosen:
        return _below(chosen, config)
    return Paths(
        data=platformdirs.user_data_path("morgan", appauthor=False),
        config=config,
        cache=platformdirs.user_cache_path("morgan", appauthor=False),
        logs=platformdirs.user_log_path("morgan", appauthor=False),
    )


def _below(chosen: str | os.PathLike[str], config: Path) -> Paths:
    data = Path(chosen).expanduser().absolute()
    return Paths(data=data, config=config, cache=data / "cache", logs=data / "logs")


def _temporary() -> Path:
    if sys.platform == "win32":
        import tempfile

        return Path(tempfile.gettempdir())
    # Not by tempfile, which is slow to import and writes a file to try the place.
    given = os.environ.get("TMPDIR")
    return Path(given) if given and Path(given).is_dir() else Path("/tmp")
