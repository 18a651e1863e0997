"""Office files made for the tests, from the XML that matters."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN_TYPES = {
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "ppt": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    "visio": "application/vnd.ms-visio.drawing.main+xml",
    "xl": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def zipped(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else None
            archive.writestr(name, content, stored)
    return buffer.getvalue()


def relations(**targets: str) -> str:
    """A part's relations: ``id=type:target``."""
    entries = "".join(
        f'<Relationship Id="{key}" Type="{RELATIONS}/{value.partition(":")[0]}"'
        f' Target="{value.partition(":")[2]}"/>'
        for key, value in targets.items()
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{entries}</Relationships>'


def package(main: str, members: dict[str, str | bytes]) -> bytes:
    """An Office file whose main part is ``main``: ``word/document.xml``."""
    namespace = "http://schemas.openxmlformats.org/package/2006/content-types"
    kind = _MAIN_TYPES[main.partition("/")[0]]
    types = f'<Override PartName="/{main}" ContentType="{kind}"/>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{namespace}">{types}</Types>',
            "_rels/.rels": relations(r1=f"officeDocument:{main}"),
            **members,
        }
    )


def word(inside: str, *, root: str = "document", namespace: str = _W) -> str:
    """A part of a Word file."""
    return (
        f'<w:{root} xmlns:w="{namespace}" xmlns:m="{_M}" xmlns:mc="urn:mc" xmlns:v="urn:v">'
        f"{inside}</w:{root}>"
    )


def paragraph(text: str, style: str = "", extra: str = "") -> str:
    properties = f'<w:pStyle w:val="{style}"/>{extra}' if style else extra
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def docx(path: Path, body: str, *, namespace: str = _W, **parts: str) -> Path:
    """A Word file with this body; ``parts`` are the insides of styles, footnotes, …"""
    members: dict[str, str | bytes] = {
        "word/document.xml": word(f"<w:body>{body}</w:body>", namespace=namespace),
        "word/_rels/document.xml.rels": relations(**{name: f"{name}:{name}.xml" for name in parts}),
    }
    members |= {
        f"word/{name}.xml": word(inside, root=name, namespace=namespace)
        for name, inside in parts.items()
    }
    path.write_bytes(package("word/document.xml", members))
    return path
