"""What people put into a PDF: the values of its form's fields and the comments on its pages."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from morgan_core.library.readers.pdf.lines import Frame, Line, Rect

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_LONGEST = 100_000
"""Longest value or comment that is taken, in UTF-16 units."""

_COMMENTS = frozenset({1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
"""Subtypes of annotations that people write in, from a note to ink (fpdf_annot.h)."""

_WIDGET = 20
_PUSH_BUTTON, _CHECK_BOX, _RADIO_BUTTON, _SIGNATURE = 1, 2, 3, 7  # fpdf_formfill.h
_HIDDEN = 2  # the flag of an annotation that is not shown
_PASSWORD = 1 << 13  # the flag of a text field whose value is not shown


def read_notes(document: PdfDocument, page: PdfPage, frame: Frame) -> Iterator[Line]:
    """The page's filled fields as ``name: value`` and its comments, in their order."""
    import pypdfium2.raw as pdfium

    for index in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            if pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
                continue
            subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
            if subtype == _WIDGET and document.formenv:
                text = _field(pdfium, document.formenv.raw, annotation)
            elif subtype in _COMMENTS:
                text = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
            else:
                continue
            rect = _rect(pdfium, annotation, frame)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        for line in text.splitlines():
            if line.strip():
                yield Line(text=line, rect=rect)


def _field(pdfium: Any, form: Any, annotation: Any) -> str:
    """``name: value`` of a field that holds one."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (_PUSH_BUTTON, _SIGNATURE):
        return ""
    if kind in (_CHECK_BOX, _RADIO_BUTTON):
        if not pdfium.FPDFAnnot_IsChecked(form, annotation):
            return ""
        value = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation)
    elif pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return ""
    else:
        value = _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    value = value.strip()
    name = (
        _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
        or _string(pdfium.FPDFAnnot_GetFormFieldName, form, annotation)
    ).strip()
    return f"{name}: {value}" if name and value else value


def _string(get: Callable[..., int], *what: Any) -> str:
    """The text that one of pdfium's functions writes to a buffer, whose size is in bytes."""
    from pypdfium2.raw import FPDF_WCHAR

    size = get(*what, None, 0)
    if not 2 < size <= 2 * _LONGEST:
        return ""
    buffer = (FPDF_WCHAR * (size // 2))()
    get(*what, buffer, size)
    return bytes(memoryview(buffer)).decode("utf-16-le", "ignore").rstrip("\0")


def _rect(pdfium: Any, annotation: Any, frame: Frame) -> Rect | None:
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(rect)):
        return None
    return frame.place(rect.left, rect.bottom, rect.right, rect.top)
