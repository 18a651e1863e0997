"""What a reader of a web page sees of it: text that an element's own attributes hide is not
read. Rules in style sheets are not followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from morgan_core.library.readers.markup import Skip, walk

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

NO_TEXT = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "head",
        "title",
        "meta",
        "link",
        "button",
        "select",
        "input",
        "textarea",
        "datalist",
        "progress",
        "meter",
        "map",
        "rt",
        "rp",
    ]
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*(?:\.0+)?\s*(?:[;!]|$)"
    r"|(?:left|right|top|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?\b|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$).*overflow\s*:\s*hidden"
    r"|overflow\s*:\s*hidden.*(?:max-)?(?:height|width)\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.I | re.S,
)
_LONGEST_STYLE = 4000
_SIZE = re.compile(r"font-size\s*:\s*(?P<zero>0*(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:[;!]|$))?", re.I)
_COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]{1,40})", re.I)
_WHITE = re.compile(
    r"#f{3,4}(?:f{3,5})?|#(?:f[c-f]){3}|white|snow|transparent"
    r"|rgba?\(\s*25[2-5][\s,]+25[2-5][\s,]+25[2-5]\b.*|rgba\([^)]*[,/]\s*0(?:\.0+)?\s*\)",
    re.I,
)
_BACKGROUND = re.compile(r"background", re.I)


def is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether an element with ``attributes`` is hidden with all that is in it."""
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    style = attributes.get("style")
    return bool(style) and _HIDING.search(str(style)[:_LONGEST_STYLE]) is not None


def is_formula(attributes: dict[str, str | None]) -> bool:
    """Whether an image with ``attributes`` is MediaWiki's picture of a formula; its alternative
    text is the formula."""
    return "mwe-math-fallback" in str(attributes.get("class") or "")


class Look:
    """What an element's style makes of its text, inherited by what is in it."""

    __slots__ = ("background", "tiny", "white")

    def __init__(self, tiny: bool = False, white: bool = False, background: bool = False) -> None:
        self.tiny, self.white, self.background = tiny, white, background

    @property
    def invisible(self) -> bool:
        return self.tiny or (self.white and not self.background)

    def within(self, attributes: dict[str, str | None]) -> Look:
        """The look inside an element with ``attributes``."""
        style = str(attributes.get("style") or "")[:_LONGEST_STYLE]
        colour = str(attributes.get("color") or "")
        # A class may set any background.
        background = self.background or any(
            attributes.get(name) for name in ("bgcolor", "background", "class")
        )
        if not (style or colour or background != self.background):
            return self
        tiny, white = self.tiny, self.white
        if size := _SIZE.search(style):
            tiny = size["zero"] is not None
        if found := _COLOUR.search(style):
            colour = found[1]
        if colour:
            white = _WHITE.fullmatch(colour.strip()) is not None
        return Look(tiny, white, background or _BACKGROUND.search(style) is not None)


PLAIN = Look()


def visible(root: LexborNode, skip: Skip, looks: list[Look]) -> Iterator[tuple[LexborNode, bool]]:
    """Like ``walk``, without comments and the text that cannot be seen; ``looks`` ends with the
    look of ``root`` and grows and shrinks with the depth."""
    for node, begins in walk(root, skip):
        if node.is_text_node:
            if not looks[-1].invisible:
                yield node, True
        elif node.is_element_node:
            if begins:
                attributes = node.attributes
                looks.append(looks[-1].within(attributes) if attributes else looks[-1])
                yield node, True
            else:
                looks.pop()
                yield node, False
