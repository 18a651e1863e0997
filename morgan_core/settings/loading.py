"""Load the settings, and know where each came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from morgan_core.errors import SettingsError
from morgan_core.paths import Paths
from morgan_core.settings.allowed import (
    allowed,
    base_type,
    choices,
    fault,
    is_list,
    masked_url,
    toml_type_fits,
    unit_of,
    url_of,
)
from morgan_core.settings.fields import FROM_FILE, SECRETS, Settings
from morgan_core.settings.sources import (
    Given,
    Problems,
    from_dotenv,
    from_environment,
    from_flags,
    from_toml,
)
from morgan_core.types import EffectiveSetting

MASK = "•••"


@dataclass(frozen=True)
class LoadedSettings:
    """The settings in force. ``sources`` maps each name to where its value came from:
    ``default``, ``FILE:LINE``, ``environment NAME`` or ``--flag``."""

    values: Settings
    sources: Mapping[str, str]

    def effective(self) -> list[EffectiveSetting]:
        """Every setting as it is in force, in the order of ``Settings``; secrets masked."""
        return [
            EffectiveSetting(
                name=name,
                value=shown(name, getattr(self.values, name)),
                source=self.sources.get(name, "default"),
                description=_described(name),
            )
            for name in Settings.model_fields
        ]


def load_settings(
    paths: Paths,
    *,
    flags: Mapping[str, Any] | None = None,
    headless: bool = False,
    environ: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """Read every source; the later wins: defaults, ``config.toml``, ``.env`` (both in
    ``paths.config``), environment, ``flags`` (by field name; None is a flag not given).

    The deployment guide's unprefixed names count only when ``headless``. Raises SettingsError
    that lists everything that is wrong with its file and line, or its variable.
    """
    environ = os.environ if environ is None else environ
    problems = Problems()
    layers = [
        from_toml(paths.config / "config.toml", problems),
        from_dotenv(paths.config / ".env", problems, headless=headless),
        from_environment(environ, problems, headless=headless),
        from_flags(flags or {}, problems),
    ]
    chosen: dict[str, Given] = {}
    for layer in layers:
        given = _resolve(layer, problems)
        chosen.update({n: item for n, item in given.items() if _checked(item, problems)})
    values = Settings.model_validate({n: _prepared(item) for n, item in chosen.items()})
    _check_together(values, chosen, problems)
    if problems.found:
        raise SettingsError(
            "\n".join(problems.found),
            mend="Correct this, or remove it to use the default.",
            problems=problems.found,
        )
    return LoadedSettings(
        values=values,
        sources={
            name: _origin(chosen[name]) if name in chosen else "default"
            for name in Settings.model_fields
        },
    )


def shown(name: str, value: Any) -> Any:
    """A value as it may be shown: secrets and passwords in URLs masked."""
    if isinstance(value, SecretStr):
        return MASK
    if url_of(Settings.model_fields[name]):
        return masked_url(str(value))
    return value


def _resolve(layer: Iterable[Given], problems: Problems) -> dict[str, Given]:
    """One source's settings by name, with the contents of ``*_file`` in place of its path."""
    given: dict[str, Given] = {}
    for item in layer:
        name = item.name.removesuffix("_file") if item.name not in Settings.model_fields else ""
        if not name:
            given[item.name] = item
            continue
        if name in given and given[name].key == item.key[: -len("_file")]:
            problems.add(f"{item.origin}: {given[name].key} and {item.key} are both set.")
            continue
        text = _contents(item, problems)
        if text is not None:
            given[name] = Given(name, text, item.origin, item.key)
    return given


def _contents(item: Given, problems: Problems) -> str | None:
    where = f"{_origin(item)}: the file {item.value}"
    try:
        text = Path(str(item.value)).expanduser().read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        problems.add(f"{where} is not UTF-8 text.")
        return None
    except OSError as error:
        problems.add(f"{where} cannot be read: {error.strerror}.")
        return None
    if not text:
        problems.add(f"{where} is empty.")
        return None
    return text


def _checked(item: Given, problems: Problems) -> bool:
    """Whether the value is possible; each is checked, even one that another source overrides."""
    if item.typed and not toml_type_fits(item.name, item.value):
        problems.add(_wrong(item))
        return False
    try:
        values = Settings.model_validate({item.name: _prepared(item)})
    except ValidationError:
        values = None
    if values is None or fault(item.name, getattr(values, item.name)):
        problems.add(_wrong(item))
        return False
    return True


def _prepared(item: Given) -> Any:
    """The value with what people write made exact: case of words, blanks, comma lists."""
    value = item.value
    if not isinstance(value, str):
        return value
    if is_list(item.name):
        return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    field = Settings.model_fields[item.name]
    if base_type(field) in (int, float, bool):
        return value.strip()
    if words := choices(field):
        return next((w for w in words if w.lower() == value.strip().lower()), value)
    return value if item.name in SECRETS else value.strip()


def _wrong(item: Given) -> str:
    """The sentence that says what is wrong, without the value of a secret."""
    what = item.key if item.key == item.origin else f"{item.origin}: {item.key}"
    must = f"must be {allowed(item.name)}."
    if item.name in FROM_FILE:
        return f"{what} {must}"
    value = masked_url(item.value) if isinstance(item.value, str) else item.value
    return f"{what} is {value!r}, but {must}"


def _origin(item: Given) -> str:
    return f"environment {item.key}" if item.origin == "environment" else item.origin


def _check_together(values: Settings, chosen: Mapping[str, Given], problems: Problems) -> None:
    """Settings that are possible alone but not together."""

    def named(*names: str) -> str:
        return " and ".join(
            f"{name} = {getattr(values, name)}"
            f" ({_origin(chosen[name]) if name in chosen else 'default'})"
            for name in names
        )

    if values.max_response_tokens >= values.max_context:
        problems.add(
            f"{named('max_response_tokens', 'max_context')}: the answer must be shorter than"
            " the context."
        )
    if values.default_search_results > values.max_search_results:
        problems.add(
            f"{named('default_search_results', 'max_search_results')}: the default must not be"
            " more than the most."
        )
    if values.port and values.port == values.metrics_port:
        problems.add(f"{named('port', 'metrics_port')}: the two ports must differ.")


def _described(name: str) -> str:
    field = Settings.model_fields[name]
    unit = unit_of(field)
    return f"{field.description} Unit: {unit}." if unit else str(field.description)
