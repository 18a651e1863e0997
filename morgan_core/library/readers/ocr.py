"""Reading text from pictures, with the ``ocr`` extra: RapidOCR, whose models come in its package.

Nothing is downloaded. The models know Latin script, Chinese and Japanese; a dense page takes
about ten seconds of one processor core.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morgan_core.errors import UnreadableFile

if TYPE_CHECKING:
    from morgan_core.library.readers.pdf.lines import Line

NEEDS_OCR = "no text in it: a scan needs OCR"
NO_TEXT = "no text in it, and no pictures in which OCR could find any"
NOTHING_FOUND = "no text in it, and OCR found none either"

Recognise = Callable[[Any, float], "tuple[Line, ...]"]
"""Reads a picture: an array of height by width by three bytes (blue, green, red), and the points
to which one of its pixels corresponds. Returns its lines with their places from the lower left."""

_DETECTOR = "PP-OCRv6_det_small.onnx"
_RECOGNISER = "PP-OCRv6_rec_small.onnx"
_LEAST_SCORE = 0.5


def available() -> bool:
    """Whether the ``ocr`` extra is installed; loads nothing."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def how_to_add() -> str:
    """The command that adds the extra to this installation."""
    return f"{shlex.quote(sys.executable)} -m pip install 'morgan[ocr]'"


def needs_ocr(pictures: int) -> UnreadableFile:
    """The reason of a document without text. ``pictures`` counts its pages that OCR may read."""
    if not pictures:
        return UnreadableFile(NO_TEXT)
    return UnreadableFile(NEEDS_OCR, mend=f"Add it with: {how_to_add()}", pictures=pictures)


@cache
def load() -> Recognise:
    """Load the models; takes seconds and about 500 MB. Raises UnreadableFile when the installed
    package does not hold them."""
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    detector, recogniser = models / _DETECTOR, models / _RECOGNISER
    if not (detector.is_file() and recogniser.is_file()):
        raise UnreadableFile(
            f"OCR is installed without its models ({_DETECTOR}, {_RECOGNISER})",
            mend=f"Install it again: {how_to_add()} --force-reinstall",
        )
    engine = rapidocr.RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Det.model_path": str(detector),
            "Rec.model_path": str(recogniser),
            # More threads spin, and take longer where anything else runs.
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    return lambda image, scale: _lines(engine(image), image.shape[0], scale)


def _lines(found: Any, height: int, scale: float) -> tuple[Line, ...]:
    from morgan_core.library.readers.pdf.lines import Line, Rect

    if not found.txts:
        return ()
    lines = []
    for text, corners, score in zip(found.txts, found.boxes, found.scores, strict=True):
        if score < _LEAST_SCORE or not text.strip():
            continue
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        rect = Rect(
            min(xs) * scale,
            (height - max(ys)) * scale,
            max(xs) * scale,
            (height - min(ys)) * scale,
        )
        lines.append(Line(text=text, rect=rect))
    return tuple(lines)
