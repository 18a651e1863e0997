"""Writing one setting into ``config.toml``, its comments and the rest left as they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from morgan_core.errors import SettingsError
from morgan_core.paths import Paths


def save_setting(paths: Paths, name: str, value: Any) -> None:
    """Set ``name`` in ``config.toml``; the file is replaced atomically.

    Raises SettingsError when the file cannot be read or written.
    """
    import tomlkit
    from tomlkit.exceptions import ParseError

    file = paths.config / "config.toml"
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        document = tomlkit.parse(text)
        document[name] = value
        paths.config.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=paths.config, prefix=".config-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(tomlkit.dumps(document))
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (ParseError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{file} is not valid TOML ({error}), so {name} was not saved.",
            mend="Correct the file, then choose again.",
        ) from error
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be written ({error.strerror}), so {name} was not saved.",
            mend="Make the config directory writable.",
        ) from error
