"""Where shapes stand on a slide, and the order in which people read them."""

from __future__ import annotations

from morgan_core.library.readers.xml_tree import Element, attribute, child, name_of
from morgan_core.types import Record


class Box(Record, frozen=True):
    """A shape's place on its slide or in its group, in whatever unit that uses."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of(cls, shape: Element) -> Box | None:
        """Where ``shape`` says it stands; None where it leaves that to the layout."""
        transform = None
        for properties in ("spPr", "grpSpPr"):
            transform = transform if transform is not None else child(shape, properties, "xfrm")
        transform = transform if transform is not None else child(shape, "xfrm")
        offset, extent = child(transform, "off"), child(transform, "ext")
        numbers = [
            attribute(offset, "x"),
            attribute(offset, "y"),
            attribute(extent, "cx"),
            attribute(extent, "cy"),
        ]
        try:
            x, y, width, height = (int(number or "") for number in numbers)
        except ValueError:
            return None
        return cls(x=x, y=y, width=width, height=height)


def boxes_of_layout(layout: Element) -> dict[str, Box]:
    """Where a layout puts its placeholders, by their index or, without one, their type."""
    found = {}
    tree = child(layout, "cSld", "spTree")
    for shape in tree if tree is not None else ():
        properties = next((one for one in shape if name_of(one).startswith("nv")), None)
        placeholder = child(properties, "nvPr", "ph")
        box = Box.of(shape)
        if placeholder is not None and box is not None:
            key = attribute(placeholder, "idx") or attribute(placeholder, "type") or "obj"
            found[key] = box
    return found


def in_reading_order(shapes: list[tuple[Element, Box | None]]) -> list[Element]:
    """From top to bottom; what stands side by side, from left to right.

    Two shapes stand side by side when their heights overlap by more than half of the lower one.
    Shapes without a place keep theirs in the file, after the shape before them.
    """
    placed = [(box, shape) for shape, box in shapes if box is not None]
    rows: list[list[tuple[Box, Element]]] = []
    for box, shape in sorted(placed, key=lambda one: (one[0].y, one[0].x)):
        if rows and _side_by_side(rows[-1][0][0], box):
            rows[-1].append((box, shape))
        else:
            rows.append([(box, shape)])
    order = [shape for row in rows for _, shape in sorted(row, key=lambda one: one[0].x)]
    before: Element | None = None
    for shape, place in shapes:
        if place is None:
            order.insert(0 if before is None else order.index(before) + 1, shape)
        before = shape
    return order


def _side_by_side(one: Box, other: Box) -> bool:
    overlap = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return overlap > min(one.height, other.height) / 2
