"""From LaTeX to readable text, without running TeX: what a command does is known by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from morgan_core.library.readers.base import Heading
from morgan_core.library.readers.building import line_of

_LEVELS = {
    "part": 1,
    "chapter": 2,
    "section": 3,
    "subsection": 4,
    "subsubsection": 5,
    "paragraph": 6,
    "subparagraph": 7,
}
_ABOUT = frozenset(("title", "author", "date"))
# Commands whose arguments are no text, by how many of these there are.
_HIDDEN_1 = """
label usepackage includegraphics vspace hspace input include bibliographystyle pagestyle thanks
thispagestyle pagenumbering documentclass graphicspath bibliography addbibresource index color
hypersetup geometry nocite phantom vphantom textcolor
"""
_HIDDEN_2 = """
newcommand renewcommand providecommand setlength addtolength newtheorem definecolor rule fontsize
DeclareMathOperator addcontentsline resizebox setcounter addtocounter multicolumn multirow
"""
_HIDDEN_3 = "newenvironment renewenvironment"
_HIDDEN = {
    name: count
    for count, names in enumerate((_HIDDEN_1, _HIDDEN_2, _HIDDEN_3), start=1)
    for name in names.split()
}
_REFERENCES = """
cite citep citet parencite textcite autocite footcite ref eqref pageref autoref cref Cref nameref
"""
_KEYS = frozenset(_REFERENCES.split())
_RAW = frozenset(("url", "path", "nolinkurl"))
_SYMBOLS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "i": "i",
    "j": "j",
    "S": "§",
    "P": "¶",
    "ldots": "…",
    "dots": "…",
    "textellipsis": "…",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "textbackslash": "\\",
    "textendash": "–",
    "textemdash": "—",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "quad": " ",
    "qquad": " ",
    "newline": " ",
    "item": "• ",
    "and": ", ",
}
_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LITERAL = "verbatim|Verbatim|lstlisting|minted|alltt"
_FORMULA = "equation|align|alignat|gather|multline|eqnarray|displaymath|math|flalign"
_TOKEN = re.compile(
    rf"""
      \\begin\{{(?P<literal>{_LITERAL})(?P<star>\*?)\}}
    | \\begin\{{(?P<formula>(?:{_FORMULA})\*?)\}}
    | \\begin\{{(?P<comments>comment)\}}
    | (?P<open>\$\$|\$|\\\(|\\\[)
    | (?P<comment>%[^\n]*)
    | (?P<break>\\\\\*?(?:\[[^\]\n]{{0,40}}\])?)
    | \\(?P<accent>[`'^"~=.]|[uvHcdbkr](?=[ ]?\{{|[ ]))[ ]?
        (?:\{{\\?(?P<in>[A-Za-z])\}}|\\?(?P<on>[A-Za-z])(?![A-Za-z](?<=\\[ij].)))
    | \\(?P<name>[A-Za-z@]+)\*?[ \t]*
    | \\(?P<escaped>[^A-Za-z\n])
    | (?P<quote>``|''|---|--)
    | (?P<mark>[{{}}~&])
    """,
    re.X,
)
_MARKS = {"``": "“", "''": "”", "---": "—", "--": "–", "{": "", "}": "", "~": " ", "&": " | "}
_CLOSE = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
_LONGEST_TITLE = 300
_LONGEST_FORMULA = 20_000
_LONGEST_ARGUMENT = 5_000
_DEEPEST = 20
_ESCAPED = {",": " ", ";": " ", ":": " ", "!": "", "/": "", "-": "", "@": "", " ": " "}


class Latex:
    """Grows a text from pieces of source; each piece keeps its number of lines.

    ``headings`` are those of the text so far, with levels from 1 (part); ``about`` holds title,
    author and date.
    """

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self.about: dict[str, str] = {}
        self._parts: list[str] = []
        self._length = 0
        self._depth = 0

    def text(self) -> str:
        return "".join(self._parts)

    def add(self, source: str) -> None:
        """Add the text of ``source``."""
        at = 0
        while token := _TOKEN.search(source, at):
            self._put(source[at : token.start()])
            at = self._take(source, token)
        self._put(source[at:])

    def add_only(self, source: str, names: Sequence[str]) -> None:
        """Add the arguments of the commands ``names`` and nothing else of ``source``."""
        source = re.sub(r"(?<!\\)%[^\n]*", "", source)
        at = 0
        for command in re.finditer(rf"\\(?:{'|'.join(names)})\b", source):
            if command.start() >= at:
                self._skip(source[at : command.start()])
                token = _TOKEN.match(source, command.start())
                assert token is not None
                at = self._take(source, token)
        self._skip(source[at:])

    def _take(self, source: str, token: re.Match[str]) -> int:
        """Add what ``token`` stands for, and return where its arguments end."""
        end = token.end()
        match token.lastgroup:
            case "literal" | "star":
                return self._until(source, end, rf"\end{{{token['literal']}{token['star']}}}")
            case "formula":
                return self._until(source, end, rf"\end{{{token['formula']}}}")
            case "comments":
                stop = source.find(r"\end{comment}", end)
                self._skip(source[token.start() : stop if stop >= 0 else end])
                return stop + len(r"\end{comment}") if stop >= 0 else end
            case "open":
                return self._formula(source, token)
            case "in" | "on":
                letter = token["in"] or token["on"]
                self._put(unicodedata.normalize("NFC", letter + _ACCENTS[token["accent"]]))
            case "break":
                self._put(" ")
            case "name":
                return self._command(source, token["name"], end)
            case "escaped":
                self._put(_ESCAPED.get(token["escaped"], token["escaped"]))
            case "quote" | "mark":
                self._put(_MARKS[token[0]])
        return end

    def _until(self, source: str, at: int, closing: str) -> int:
        """Add as it is what stands before ``closing``."""
        stop = source.find(closing, at)
        if stop < 0:
            return at
        self._put(source[at:stop])
        return stop + len(closing)

    def _formula(self, source: str, token: re.Match[str]) -> int:
        closing = _CLOSE[token["open"]]
        stop = source.find(closing, token.end(), token.end() + _LONGEST_FORMULA)
        formula = source[token.start() : stop + len(closing)]
        # A dollar that is no formula's must not hide what follows.
        if stop < 0 or "\n\n" in formula:
            self._put(token[0].removeprefix("\\"))
            return token.end()
        self._put(formula)
        return stop + len(closing)

    def _command(self, source: str, name: str, at: int) -> int:
        begin = at
        if name in ("begin", "end"):
            environment, at = _argument(source, at)
            at = _option(source, at)
            if name == "begin" and environment.rstrip("*") in ("tabular", "array", "tabularx"):
                at = _argument(source, at)[1]
            self._skip(source[begin:at])
        elif name in _LEVELS or name in _ABOUT:
            at = _option(source, at)
            inner, at = _argument(source, at)
            self._title(name, inner)
            self._skip(source[begin:at])
        elif name in _HIDDEN:
            for _ in range(_HIDDEN[name]):
                at = _argument(source, _option(source, at))[1]
            at = _option(source, at)
            self._skip(source[begin:at])
        elif name in _KEYS:
            keys, at = _argument(source, _option(source, _option(source, at)))
            begin = self._up_to(source, begin, keys, at)
            self._put(f"[{keys.strip(' ')}]")
            self._skip(source[begin:at])
        elif name == "item" and source[at : at + 1] == "[":
            self._put("• ")
        elif name == "href":
            url, at = _argument(source, at)
            begin = self._up_to(source, begin, url, at)
            self._put(f"{url} ")
            self._skip(source[begin:at])
        elif name in _RAW:
            inner, at = _argument(source, at)
            begin = self._up_to(source, begin, inner, at)
            self._put(inner)
            self._skip(source[begin:at])
        elif name in ("verb", "lstinline") and source[at : at + 1] not in ("", "\n"):
            return self._until(source, at + 1, source[at])
        elif name == "footnote":
            inner, at = _argument(source, at)
            begin = self._up_to(source, begin, inner, at)
            self._put(" (")
            self._inner(inner)
            self._put(")")
            self._skip(source[begin:at])
        elif name in _SYMBOLS:
            self._put(_SYMBOLS[name])
        elif source[at - 1] in " \t" and source[at : at + 1] not in ("{", "["):
            self._put(" ")
        else:
            at = _option(source, at)
            self._skip(source[begin:at])
        return at

    def _up_to(self, source: str, begin: int, inner: str, at: int) -> int:
        """Add the line ends before ``inner``, the argument that ends at ``at``, so that it stands
        at its own lines; return where what follows it begins."""
        if not inner:
            return begin
        end = at - 1
        self._skip(source[begin : end - len(inner)])
        return end

    def _title(self, name: str, inner: str) -> None:
        inside = Latex()
        inside._depth = self._depth + 1
        if inside._depth < _DEEPEST:
            inside.add(inner)
        title = line_of(inside.text())
        if name in _ABOUT:
            self.about.setdefault(name, title)
        elif title:
            self.headings.append(
                Heading(offset=self._length, level=_LEVELS[name], title=title[:_LONGEST_TITLE])
            )
        self._put(title)

    def _inner(self, source: str) -> None:
        self._depth += 1
        if self._depth < _DEEPEST:
            self.add(source)
        else:
            self._put(source)
        self._depth -= 1

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _skip(self, source: str) -> None:
        """Leave ``source`` out but for its line ends."""
        self._lines(source.count("\n"))

    def _lines(self, count: int) -> None:
        self._put("\n" * count)


_BRACE = re.compile(r"\\.|[{}]", re.S)


def _argument(source: str, at: int) -> tuple[str, int]:
    """What stands in the braces at ``at``, blanks before them skipped, and where they end; empty
    without braces, or when they do not end."""
    start = _blanks(source, at)
    if source[start : start + 1] != "{":
        return "", at
    depth = 0
    for brace in _BRACE.finditer(source, start, start + _LONGEST_ARGUMENT):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return source[start + 1 : brace.start()], brace.end()
    return "", at


def _option(source: str, at: int) -> int:
    """Where the argument in brackets at ``at`` ends, if there is one."""
    start = _blanks(source, at)
    if source[start : start + 1] != "[":
        return at
    stop = source.find("]", start, start + 500)
    return stop + 1 if stop >= 0 and "\n\n" not in source[start:stop] else at


def _blanks(source: str, at: int) -> int:
    while source[at : at + 1] in (" ", "\t") or (
        source[at : at + 1] == "\n" and source[at + 1 : at + 2] not in ("\n", "")
    ):
        at += 1
    return at
