"""Where settings come from: files, environment, flags. Each value keeps its origin."""

from __future__ import annotations

import difflib
import io
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from morgan_core.settings.fields import FROM_FILE, GUIDE_NAMES, Settings

PREFIX = "MORGAN_"
# Read by other parts of Morgan before there are settings, or by its tests.
_NOT_SETTINGS = re.compile(r"MORGAN_(DATA_DIR|CONFIG_DIR|TEST_.*)")
# Kubernetes and Docker put these into the environment for a service named morgan….
_SERVICE_LINKS = re.compile(
    r"MORGAN_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP)(_[A-Z]+)?)"
)
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")


@dataclass(frozen=True)
class Given:
    """A value as it was given. ``origin`` says where; ``key`` is what it is called there.
    ``typed`` is true when the source has types of its own (TOML)."""

    name: str
    value: Any
    origin: str
    key: str
    typed: bool = False


class Problems:
    """Collects what is wrong, so that a person reads all of it at once."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, problem: str) -> None:
        self.found.append(problem)


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that proposes the known word nearest to ``word``."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else "."


def from_toml(path: Path, problems: Problems) -> Iterator[Given]:
    """The settings of ``config.toml``; a file that is not there gives none."""
    text = _read(path, problems)
    if text is None:
        return
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.add(f"{path}: this is not TOML: {error}.")
        return
    known = {*Settings.model_fields, *(f"{name}_file" for name in FROM_FILE)}
    for key, value in table.items():
        origin = f"{path}:{_toml_line(text, key)}"
        if isinstance(value, dict):
            problems.add(
                f"{origin}: [{key}] is a table; settings are written flat, one name = value a line."
            )
        elif key not in known:
            problems.add(f"{origin}: there is no setting {key!r}{nearest(key, known)}")
        else:
            yield Given(key, value, origin, key, typed=True)


def from_dotenv(path: Path, problems: Problems, *, headless: bool) -> Iterator[Given]:
    """The settings of ``.env``; names that are not Morgan's are left alone."""
    text = _read(path, problems)
    if text is None:
        return
    from dotenv.parser import parse_stream

    found: dict[str, tuple[str, str]] = {}
    for binding in parse_stream(io.StringIO(text)):
        origin = f"{path}:{_first_line(binding.original.string, binding.original.line)}"
        if binding.error:
            problems.add(f"{origin}: this line is not NAME=value.")
        elif binding.key is not None:
            found[binding.key] = (binding.value or "", origin)
    yield from _from_variables(found, problems, headless=headless)


def from_environment(
    environ: Mapping[str, str], problems: Problems, *, headless: bool
) -> Iterator[Given]:
    """The settings among the environment's variables."""
    found = {key: (value, "environment") for key, value in environ.items()}
    yield from _from_variables(found, problems, headless=headless)


def from_flags(flags: Mapping[str, Any], problems: Problems) -> Iterator[Given]:
    """The settings given on the command line; ``None`` means that the flag was not given."""
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if name not in Settings.model_fields:
            problems.add(f"{flag}: there is no such setting{nearest(name, Settings.model_fields)}")
        elif value is not None:
            yield Given(name, value, flag, flag)


def _from_variables(
    found: Mapping[str, tuple[str, str]], problems: Problems, *, headless: bool
) -> Iterator[Given]:
    """Guide names first, so that ``MORGAN_X`` wins over ``X``. An empty variable is not set:
    compose files hand on variables that nobody gave."""
    guide = _with_files(GUIDE_NAMES) if headless else {}
    ours = _with_files({f"{PREFIX}{name.upper()}": name for name in Settings.model_fields})
    for key, name in guide.items():
        if key in found and found[key][0].strip():
            yield Given(name, found[key][0], found[key][1], key)
    for key, (value, origin) in found.items():
        if not key.startswith(PREFIX) or _foreign(key, value):
            continue
        if key not in ours:
            problems.add(f"{origin}: there is no variable {key}{nearest(key, ours)}")
        elif value.strip():
            yield Given(ours[key], value, origin, key)


def _with_files(names: Mapping[str, str]) -> dict[str, str]:
    files = {f"{key}_FILE": f"{name}_file" for key, name in names.items() if name in FROM_FILE}
    return {**names, **files}


def _foreign(key: str, value: str) -> bool:
    if _NOT_SETTINGS.fullmatch(key) or _SERVICE_LINKS.fullmatch(key):
        return True
    return key.endswith("_PORT") and _SERVICE_ADDRESS.fullmatch(value) is not None


def _read(path: Path, problems: Problems) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        problems.add(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8.")
    except OSError as error:
        problems.add(f"{path}: cannot be read: {error.strerror}.")
    return None


def _toml_line(text: str, key: str) -> int:
    """The 1-based line on which top-level ``key`` is set."""
    name = rf"(?:{re.escape(key)}|\"{re.escape(key)}\"|'{re.escape(key)}')"
    pattern = re.compile(rf"\s*(?:{name}\s*[=.]|\[+\s*{name}\s*[\].])")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return 1


def _first_line(original: str, line: int) -> int:
    """dotenv counts a binding from the blank lines before it."""
    return line + len(original[: len(original) - len(original.lstrip())].splitlines())
