"""Jupyter notebooks: cells in order, with what they printed."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder
from morgan_core.sanitise import sanitise

_LONGEST_OUTPUT = 4000
"""Most characters kept of what one cell printed."""

_EMBEDDED = re.compile(r"\(data:[^)\s]{200,}\)|\bdata:[\w/+.-]+;base64,[\w+/=]{200,}")


class _Notebook(msgspec.Struct):
    nbformat: int
    cells: list[dict[str, Any]] = []
    worksheets: list[dict[str, Any]] = []
    """Before nbformat 4, the cells stood in worksheets."""
    metadata: dict[str, Any] = {}


def read_notebook(source: Source) -> Extracted:
    """Markdown and code cells and the text that the code printed; no pictures."""
    notebook = _parse(source.content)
    if notebook is None:
        raise UnreadableFile("a damaged notebook")
    cells = notebook.cells or [
        cell
        for sheet in notebook.worksheets
        for cell in _list(sheet.get("cells"))
        if isinstance(cell, dict)
    ]
    builder = Builder()
    for number, cell in enumerate(cells, start=1):
        builder.cut()
        builder.place(f"cell {number}")
        _add_cell(builder, cell)
    language = _language(notebook.metadata)
    metadata = {"programming_language": language} if language else {}
    title = notebook.metadata.get("title")
    return builder.extracted(
        "notebook", title=title if isinstance(title, str) else None, metadata=metadata
    )


def _add_cell(builder: Builder, cell: dict[str, Any]) -> None:
    kind = cell.get("cell_type")
    text = _text(cell.get("source", cell.get("input")))
    if kind == "markdown":
        builder.markdown(_EMBEDDED.sub("", text))
    elif kind == "heading":
        level = cell.get("level")
        builder.heading(text, level if isinstance(level, int) and level > 0 else 1)
    else:
        builder.add(text)
    if output := _outputs(_list(cell.get("outputs"))):
        builder.add(f"Output:\n{output}")


def _outputs(outputs: list[Any]) -> str:
    """What a cell printed, the beginning and the end of what is long."""
    parts = [_output(output) for output in outputs if isinstance(output, dict)]
    text = "\n".join(part for part in parts if part)
    if len(text) <= _LONGEST_OUTPUT:
        return text
    half = _LONGEST_OUTPUT // 2
    return f"{text[:half].rstrip()}\n…\n{text[-half:].lstrip()}"


def _output(output: dict[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        text = _text(output.get("text"))
    elif kind in ("error", "pyerr"):
        text = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    else:
        data = output.get("data")
        data = data if isinstance(data, dict) else output
        text = next((_text(data[key]) for key in _TEXTS if data.get(key)), "")
    return sanitise(_EMBEDDED.sub("", text)).strip("\n").rstrip()


# The richest form that is text; "text" is that of notebooks before nbformat 4.
_TEXTS = ("text/markdown", "text/plain", "text")


def _text(value: Any) -> str:
    """Multi-line strings may be lists of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _language(metadata: dict[str, Any]) -> str:
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        section = metadata.get(key)
        if isinstance(section, dict) and isinstance(section.get(name), str):
            return str(section[name])
    return ""


def _parse(content: bytes) -> _Notebook | None:
    try:
        return msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Notebook)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _claims(source: Source) -> bool:
    content = source.content
    if b'"nbformat"' not in content or not re.match(rb"(?:\xef\xbb\xbf)?\s*\{", content):
        return False
    notebook = _parse(content)
    return notebook is not None and bool(notebook.cells or notebook.worksheets)


FORMAT = Format(name="notebook", rank=30, claims=_claims, read=read_notebook)
