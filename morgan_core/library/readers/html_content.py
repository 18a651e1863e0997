"""Which part of a web page is its content: what is hidden, what is furniture, where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from morgan_core.library.readers.html_visible import NO_TEXT, is_formula, is_hidden
from morgan_core.library.readers.markup import walk
from morgan_core.types import Record

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LONGEST_STYLE = 4000
# Of software that many pages are made with; none of it is the author's text.
_MARKS = frozenset(
    [
        "headerlink",
        "anchorjs-link",
        "mw-editsection",
        "mw-jump-link",
        "mw-empty-elt",
        "printfooter",
        "catlinks",
        "noprint",
        "navbox",
        "linenos",
        "lineno",
        "line-numbers",
        "gutter",
        "skip-link",
        "skip-to-content",
        "sr-only",
        "visually-hidden",
        "screen-reader-text",
    ]
)
_ROLES = frozenset(
    [
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "dialog",
        "alertdialog",
        "menu",
        "menubar",
        "toolbar",
    ]
)
_CONSENT = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|onetrust|cookiebanner)(?=$|[\s_-])", re.I
)
_FURNITURE = re.compile(
    r"(?:^|\s)(?!(?:has|with|no|is)-)(?:[a-z]+[_-]+)?(?:nav|navbar|navigation|menu|breadcrumbs?|"
    r"sidebar|sidenav|share|sharing|social|newsletter|subscribe|advert|adverts|ads?|sponsored|"
    r"promo|related|pagination|pager|toc|footer|masthead|popup|modal)(?:[_-]+[a-z]+)?(?=\s|$)",
    re.I,
)
_SECTIONS = frozenset(("main", "article"))
_TITLES = _SECTIONS | {"h1"}
_SMALL_SHARE = 0.25
_MAIN_SHARE = 0.4


class Content(Record, frozen=True):
    """Where a page's content stands: the element and what to leave out of it."""

    root: LexborNode
    left_out: Leaving


class Leaving:
    """Tells of an element whether it is left out: what is hidden always, and the given
    ``furniture`` (navigation, banners and the like)."""

    def __init__(self, furniture: frozenset[int] = frozenset()) -> None:
        self._furniture = furniture

    def __call__(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in NO_TEXT:
            return True
        if tag in ("html", "body"):
            return False  # hidden until a script has run
        if self._furniture and node.mem_id in self._furniture:
            return True
        attributes = node.attributes
        if tag == "img" and is_formula(attributes):
            return False  # hidden from screen readers only
        return bool(attributes) and (is_hidden(attributes) or _is_mark(tag, attributes))


def find_content(tree: LexborHTMLParser) -> Content | None:
    """The content of a page: its main element, or the whole body where that would lose text."""
    body = tree.body or tree.root
    if body is None:
        return None
    whole = measure(body, _hidden_only)
    strict = Leaving(_furniture(body, whole))
    kept = measure(body, strict)
    if kept < _SMALL_SHARE * whole:
        return Content(root=body, left_out=_hidden_only)
    for root in _candidates(body):
        if measure(root, strict) >= _MAIN_SHARE * kept and not _within_left_out(root, strict):
            return Content(root=root, left_out=strict)
    return Content(root=body, left_out=strict)


def whole_body(tree: LexborHTMLParser) -> Content | None:
    """The body without what is hidden: for mails and books, which have no furniture."""
    body = tree.body or tree.root
    return Content(root=body, left_out=_hidden_only) if body is not None else None


class _Suspect(Record, frozen=True):
    """An element that looks like furniture, and what had been met when it began."""

    id: int
    certain: bool
    text: int
    sections: int


def _furniture(body: LexborNode, whole: int) -> frozenset[int]:
    """The elements to leave out, found in one pass: none that holds the title, the main part or,
    where only its name speaks against it, much of the text."""
    found: set[int] = set()
    open_suspects: list[_Suspect] = []
    text = links = sections = inside = 0
    for node, begins in walk(body, _hidden_only):
        if node.is_text_node:
            text += 0 if links else len((node.text_content or "").strip())
            continue
        if not node.is_element_node:
            continue
        tag = node.tag or ""
        step = 1 if begins else -1
        if tag == "a":
            links += step
        if begins:
            sections += tag in _TITLES
            certain = _is_furniture(tag, node.attributes, inside=inside > 0)
            if certain is not None:
                open_suspects.append(_Suspect(node.mem_id, certain, text, sections))
        elif open_suspects and open_suspects[-1].id == node.mem_id:
            suspect = open_suspects.pop()
            small = suspect.certain or text - suspect.text <= _SMALL_SHARE * whole
            if small and sections == suspect.sections:
                found.add(suspect.id)
        if tag in _SECTIONS:
            inside += step
    return frozenset(found)


def _is_furniture(tag: str, attributes: dict[str, str | None], *, inside: bool) -> bool | None:
    """Whether an element is furniture: True by what it is, False if it is small, None if not."""
    if tag == "nav":
        return True
    if tag in ("footer", "aside", "header"):
        return None if inside else False
    if not attributes or tag in _SECTIONS:
        return None
    if (attributes.get("role") or "").lower() in _ROLES:
        return False
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"[:_LONGEST_STYLE]
    if len(names) > 2 and (_CONSENT.search(names) or _FURNITURE.search(names)):
        return False
    return None


def measure(root: LexborNode, left_out: Leaving) -> int:
    """How many characters of text outside links are in ``root``."""
    count = links = 0
    for node, begins in walk(root, left_out):
        if node.is_text_node:
            if begins and not links:
                count += len((node.text_content or "").strip())
        elif node.tag == "a":
            links += 1 if begins else -1
    return count


def _candidates(body: LexborNode) -> list[LexborNode]:
    mains = body.css("main, [role=main]")
    articles = body.css("article")
    return [*mains[:3], *(articles if len(articles) == 1 else [])]


def _within_left_out(node: LexborNode, left_out: Leaving) -> bool:
    above: LexborNode | None = node
    while above is not None and above.is_element_node:
        if left_out(above):
            return True
        above = above.parent
    return False


def _is_mark(tag: str, attributes: dict[str, str | None]) -> bool:
    names = str(attributes.get("class") or "")[:_LONGEST_STYLE].split()
    return not _MARKS.isdisjoint(names) or (tag == "sup" and "reference" in names)


_hidden_only = Leaving()
