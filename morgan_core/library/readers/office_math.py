"""Formulas of Office documents (OMML, ISO/IEC 29500-1, 22.1) as one line of text."""

from __future__ import annotations

from collections.abc import Callable

from morgan_core.library.readers.xml_tree import Element, attribute, child, children, name_of


def formula(element: Element | None) -> str:
    """The formula as people type it: ``a/b``, ``x^2``, ``√(x + 1)``."""
    if element is None:
        return ""
    return "".join(_part(one) for one in element)


def _part(element: Element) -> str:
    name = name_of(element)
    if name in _WRITE:
        return _WRITE[name](element)
    if name == "t":
        return element.text or ""
    return "" if name.endswith("Pr") else formula(element)


def _group(text: str) -> str:
    """In brackets when it is more than one name or number."""
    text = text.strip()
    return text if text.isalnum() or len(text) <= 1 else f"({text})"


def _of(element: Element, name: str) -> str:
    return formula(child(element, name))


def _fraction(element: Element) -> str:
    return f"{_group(_of(element, 'num'))}/{_group(_of(element, 'den'))}"


def _scripts(element: Element) -> str:
    below, above = _of(element, "sub"), _of(element, "sup")
    text = _of(element, "e")
    text += f"_{_group(below)}" if below.strip() else ""
    return text + (f"^{_group(above)}" if above.strip() else "")


def _radical(element: Element) -> str:
    degree = _of(element, "deg").strip()
    return f"√({_of(element, 'e')})" if not degree else f"{_group(degree)}√({_of(element, 'e')})"


def _large(element: Element) -> str:
    sign = attribute(child(element, "naryPr", "chr"), "val") or "∫"
    below, above = _of(element, "sub"), _of(element, "sup")
    sign += f"_{_group(below)}" if below.strip() else ""
    sign += f"^{_group(above)}" if above.strip() else ""
    return f"{sign} {_of(element, 'e')}"


def _delimited(element: Element) -> str:
    properties = child(element, "dPr")
    begin = attribute(child(properties, "begChr"), "val")
    end = attribute(child(properties, "endChr"), "val")
    inside = ", ".join(formula(one) for one in children(element, "e"))
    return f"{'(' if begin is None else begin}{inside}{')' if end is None else end}"


def _matrix(element: Element) -> str:
    rows = [", ".join(formula(e) for e in children(row, "e")) for row in children(element, "mr")]
    return "; ".join(rows)


_WRITE: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSub": _scripts,
    "sSup": _scripts,
    "sSubSup": _scripts,
    "rad": _radical,
    "nary": _large,
    "d": _delimited,
    "m": _matrix,
}
