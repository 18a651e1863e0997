"""RTF: paragraphs, headings and tables."""

from __future__ import annotations

import re
from itertools import groupby

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.tables import add_table

# Pictures and embedded files: long runs of hexadecimal digits.
_DATA = re.compile(r"[0-9a-fA-F\r\n]{256,}")
_OUTLINE = re.compile(r"\\outlinelevel([0-8])(?![0-9]) ?")
_HEADING = re.compile("\x02([0-8])\x03")
_INFO = re.compile(r"\{\\(title|author) ([^{}\\]{1,300})\}")


def read_rtf(source: Source) -> Extracted:
    """The text; headings are known by their outline level."""
    from striprtf.striprtf import rtf_to_text

    raw = _DATA.sub("\n", source.content.decode("latin-1"))
    metadata = {name: clean for name, value in _INFO.findall(raw) if (clean := line_of(value))}
    # striprtf drops the outline level, so it travels as a sign in the paragraph.
    marked = _OUTLINE.sub("\\\\outlinelevel\\1 \x02\\1\x03", raw)
    try:
        text = rtf_to_text(marked, errors="replace")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise UnreadableFile("a damaged RTF document") from error
    builder = Builder()
    gap = "\n\n"
    for is_row, lines in groupby(text.split("\n"), key=lambda line: line.endswith("|")):
        if is_row:
            builder.cut()
            add_table(builder, enumerate((line[:-1].split("|") for line in lines), start=1))
            builder.cut()
            gap = "\n\n"
            continue
        for line in lines:
            level = _HEADING.search(line)
            clean = _HEADING.sub("", line).strip()
            if level and clean:
                builder.cut()
                builder.heading(clean, int(level[1]) + 1)
            else:
                builder.add(clean, gap=gap)
            gap = "\n" if clean and not level else "\n\n"
    return builder.extracted("rtf", title=metadata.get("title"), metadata=metadata)


FORMAT = Format(
    name="rtf",
    rank=15,
    claims=lambda source: source.content.startswith(b"{\\rtf"),
    read=read_rtf,
)
