"""What a setting may be, in words, and the checks that go beyond its type."""

from __future__ import annotations

import re
import types
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from morgan_core.settings.fields import SECRETS, Settings, Unit, Url

_NUMBERS = {int: "a whole number", float: "a number"}
_LISTS = {
    "cors_origins": "origins such as https://app.example.com, separated by commas, or *",
    "private_hosts": "names or addresses of hosts such as wiki.intern, separated by commas",
}
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+")
_ORIGIN = re.compile(r"https?://[^\s/?#@,]+")


def unit_of(field: FieldInfo) -> str:
    """The unit's name, empty for a setting that counts nothing."""
    return next((m.name for m in field.metadata if isinstance(m, Unit)), "")


def url_of(field: FieldInfo) -> Url | None:
    return next((m for m in field.metadata if isinstance(m, Url)), None)


def base_type(field: FieldInfo) -> Any:
    """The field's type without ``None``."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(k for k in get_args(kind) if k is not type(None))
    return kind


def is_list(name: str) -> bool:
    """Whether the setting holds several texts, which may be written with commas between them."""
    return get_origin(Settings.model_fields[name].annotation) is tuple


def choices(field: FieldInfo) -> tuple[str, ...]:
    """The words a setting may be, empty when it is not a choice."""
    kind = base_type(field)
    return get_args(kind) if get_origin(kind) is Literal else ()


def allowed(name: str) -> str:
    """What ``name`` may be, to follow "must be"."""
    field = Settings.model_fields[name]
    kind = base_type(field)
    if words := choices(field):
        return f"one of {', '.join(words)}"
    if kind is bool:
        return "true or false"
    if kind in _NUMBERS:
        of = f" of {unit}" if (unit := unit_of(field)) else ""
        return f"{_NUMBERS[kind]}{of}{_range(field)}"
    if url := url_of(field):
        return f"empty or a URL that starts with {' or '.join(f'{s}:' for s in url.schemes)}"
    return _LISTS.get(name, "text that is not empty")


def _range(field: FieldInfo) -> str:
    words = []
    for limit in field.metadata:
        match limit:
            case Ge(ge=value):
                words.append(f"at least {value}")
            case Gt(gt=value):
                words.append(f"more than {value}")
            case Le(le=value):
                words.append(f"at most {value}")
    return f", {' and '.join(words)}" if words else ""


def fault(name: str, value: Any) -> bool:
    """True when a value of the right type is impossible all the same."""
    field = Settings.model_fields[name]
    if name in SECRETS:
        return not value.get_secret_value().strip()
    if (url := url_of(field)) and value:
        return not _is_url(value, url)
    if name == "cors_origins":
        return not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in value)
    if name == "private_hosts":
        return not all(_HOST.fullmatch(host) for host in value)
    return False


def _is_url(value: str, url: Url) -> bool:
    if value != value.strip() or any(c.isspace() for c in value):
        return False
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  (raises for an impossible port)
    except ValueError:
        return False
    if parts.scheme not in url.schemes:
        return False
    return bool(parts.hostname) or parts.scheme in ("unix", "sqlite", "sqlite+aiosqlite")


def toml_type_fits(name: str, value: Any) -> bool:
    """Whether a TOML value has the field's type: TOML is typed, so ``"8"`` is no number."""
    kind = base_type(Settings.model_fields[name])
    if kind is bool:
        return isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_list(name):
        return isinstance(value, str) or (
            isinstance(value, list) and all(isinstance(v, str) for v in value)
        )
    return isinstance(value, str)


def masked_url(value: str) -> str:
    """The URL with its password, if any, hidden."""
    value = re.sub(r"(?<=://)([^/@:]*):[^/]*@", r"\1:•••@", value)
    return re.sub(r"([?&](?:password|api_key|token)=)[^&#]*", r"\1•••", value)
