"""Files that come with Morgan: the sample library and artwork."""

from __future__ import annotations

from pathlib import Path

from morgan_core.errors import NotFound

_PACKAGE = Path(__file__).resolve().parent
# A wheel carries the assets inside the package; a checkout has them beside it.
_ROOTS = (_PACKAGE / "_assets", _PACKAGE.parent / "assets")


def asset_path(name: str) -> Path:
    """The file or folder ``name`` (as ``"sample"``) of the assets.

    Raises NotFound when this installation lacks it.
    """
    for root in _ROOTS:
        path = (root / name).resolve()
        if path.is_relative_to(root) and path.exists():
            return path
    raise NotFound(
        f"Morgan's file {name!r} is missing from this installation.",
        mend="Install Morgan again.",
    )
