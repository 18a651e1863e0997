"""``morgan-tui doctor``: the settings in force, what is wrong, and the mend."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import msgspec

from morgan_core.paths import Paths
from morgan_core.sanitise import sanitise_name
from morgan_core.settings import LoadedSettings
from morgan_core.types import EffectiveSetting
from morgan_tui.cli.doctor_checks import Check, all_checks

HEALTHY, UNHEALTHY = 0, 3
_MARKS = {"ok": "ok", "note": "note", "problem": "PROBLEM"}


def report(loaded: LoadedSettings, paths: Paths, *, as_json: bool) -> int:
    """Print the report on stdout; 0 when all is well, 3 when there is a problem."""
    checks = asyncio.run(all_checks(loaded.values, paths))
    healthy = all(check.state != "problem" for check in checks)
    settings = loaded.effective()
    if as_json:
        print(json.dumps(_as_data(paths, settings, checks, healthy), indent=2))
    else:
        print("\n".join(sanitise_name(line) for line in _as_lines(paths, settings, checks)))
    sys.stdout.flush()
    return HEALTHY if healthy else UNHEALTHY


def _as_data(
    paths: Paths, settings: list[EffectiveSetting], checks: list[Check], healthy: bool
) -> dict[str, Any]:
    return {
        "healthy": healthy,
        "paths": {name: str(getattr(paths, name)) for name in ("data", "config", "cache", "logs")},
        "settings": msgspec.to_builtins(settings),
        "checks": msgspec.to_builtins(checks),
    }


def _as_lines(paths: Paths, settings: list[EffectiveSetting], checks: list[Check]) -> list[str]:
    lines = ["Directories"]
    lines += [f"  {name:<8}{getattr(paths, name)}" for name in ("data", "config", "cache", "logs")]
    lines += ["", "Settings"]
    names = max(len(setting.name) for setting in settings)
    values = min(32, max(len(_shown(setting.value)) for setting in settings))
    lines += [f"  {s.name:<{names}}  {_shown(s.value):<{values}}  {s.source}" for s in settings]
    lines += ["", "Checks"]
    width = max(len(check.name) for check in checks)
    for check in checks:
        lines.append(f"  {_MARKS[check.state]:<8}{check.name:<{width}}  {check.detail}")
        if check.mend:
            lines.append(f"  {'':<8}{'':<{width}}  → {check.mend}")
    wrong = sum(check.state == "problem" for check in checks)
    lines += ["", "All is well." if not wrong else f"{wrong} problem{'s' * (wrong > 1)} to mend."]
    return lines


def _shown(value: Any) -> str:
    if value is None or value in ("", ()):
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)
