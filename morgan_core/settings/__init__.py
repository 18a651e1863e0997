"""Every setting of Morgan, in one typed place.

Defaults < ``config.toml`` < ``.env`` (both in the config directory only) < environment < flags.
"""

from __future__ import annotations

from morgan_core.settings.fields import Settings
from morgan_core.settings.loading import LoadedSettings, load_settings
from morgan_core.settings.saving import save_setting

__all__ = ["LoadedSettings", "Settings", "load_settings", "save_setting"]
