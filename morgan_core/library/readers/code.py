"""Source code: the text as it stands, cut at its definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from morgan_core.library.readers import syntax
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.code_languages import (
    BODIES,
    FUNCTIONS,
    HOLDERS,
    LEADING,
    OPEN,
    WRAPPERS,
    grammar_of,
    language_of,
)
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.syntax import Unit
from morgan_core.library.readers.text import keep_lines

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 8
_GENERATED_LINE = 400
"""Bytes in a line on average, from which on code was written by a machine for a machine."""


def read_code(source: Source) -> Extracted:
    """The source text; functions, classes and their methods are headings and cuts.

    Code in an unknown language is cut at its margin; code without lines (minified) not at all.
    """
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    language = language_of(source) or ""
    metadata = {"encoding": encoding}
    if language:
        metadata["programming_language"] = language
    extracted = Extracted(text=text, kind="code", lines=True, metadata=metadata)
    content = text.encode()
    if len(content) > _GENERATED_LINE * (content.count(b"\n") + 1) and len(content) > 10_000:
        return extracted
    grammar = grammar_of(language)
    root = syntax.parse(content, grammar) if grammar else None
    if root is None:
        return msgspec.structs.replace(extracted, cuts=tuple(syntax.loose_cuts(text)))
    units = [*_Outline(content, language).units(root, 1, "")]
    if not units:
        return msgspec.structs.replace(extracted, cuts=tuple(syntax.loose_cuts(text)))
    headings, cuts = syntax.outline(text, content, units)
    return msgspec.structs.replace(extracted, headings=headings, cuts=cuts)


class _Outline:
    def __init__(self, content: bytes, language: str) -> None:
        self._content = content
        self._language = language
        self._last_name = b""

    def units(self, holder: Node, level: int, title: str) -> Iterator[Unit]:
        """The definitions in ``holder``, which is called ``title``, and what stands between."""
        lead: Node | None = None  # the first of the comments that belong to what follows
        before: Node | None = None
        first = True
        inside = False  # of a definition's unit, that other text must end
        for child in _flat(holder):
            if child.type in LEADING:
                trails = before is not None and before.end_point.row == child.start_point.row
                if not trails and (lead is None or (first and not _touch(before, child))):
                    lead = child
                before = child
                continue
            if first and not _touch(before, child):
                lead = None  # a file's first comment is about the file
            first = False
            start = (lead or child).start_byte
            definition = _definition(child)
            if definition is not None:
                if not self._continues(definition):
                    name = self._title(child, definition)
                    yield Unit(start=start, level=level, title=name)
                    if definition.type not in FUNCTIONS and level < _DEEPEST:
                        yield from self._members(definition, level, name)
                inside = True
            elif child.type == "statement":  # SQL
                yield Unit(start=start, level=level, title=self._statement(child))
            elif inside and child.is_named:
                yield Unit(start=start, level=max(1, level - 1), title=title)
                inside = False
            lead, before = None, child

    def _members(self, definition: Node, level: int, title: str) -> Iterator[Unit]:
        body = definition.child_by_field_name("body") or next(
            (child for child in definition.named_children if child.type in BODIES), None
        )
        members = [*self.units(body, level + 1, title)] if body else []
        # A class's line alone says nothing: it stays with its first member.
        if members and members[0].start - definition.start_byte < _SHORT_HEAD:
            members[0] = msgspec.structs.replace(members[0], cut=False)
        yield from members

    def _continues(self, definition: Node) -> bool:
        """Whether it is another equation of the same Haskell function."""
        if self._language != "haskell":
            return False
        name = definition.child_by_field_name("name")
        same = name is not None and name.text == self._last_name
        self._last_name = (name.text if name is not None else None) or b""
        return same and definition.type in FUNCTIONS

    def _title(self, outer: Node, definition: Node) -> str:
        """``async def run``: the line of the name, up to the name."""
        name = _name(definition)
        if name is None:
            body = definition.child_by_field_name("body")
            end = body.start_byte if body is not None else definition.end_byte
            return syntax.one_line(self._content[outer.start_byte : end].partition(b"{")[0])
        line = self._content.rfind(b"\n", outer.start_byte, name.start_byte) + 1
        whole = self._content[max(line, outer.start_byte) : name.end_byte]
        title = syntax.one_line(whole)
        return syntax.one_line(name.text or b"") if title.endswith("…") else title

    def _statement(self, statement: Node) -> str:
        """``CREATE TABLE users``; empty for a statement that names nothing."""
        what = statement.named_children[0] if statement.named_children else statement
        if not what.type.startswith(("create_", "alter_", "drop_")):
            return ""
        named = next((c for c in what.named_children if c.type == "object_reference"), None)
        end = named.end_byte if named is not None else what.end_byte
        return syntax.one_line(self._content[what.start_byte : end])


_SHORT_HEAD = 80


def _flat(holder: Node) -> Iterator[Node]:
    for child in holder.named_children:
        if child.type in OPEN:
            yield from _flat(child)
        elif child.type not in ("identifier", "string_literal"):  # #ifdef NAME, extern "C"
            yield child


def _definition(node: Node) -> Node | None:
    if node.type in FUNCTIONS or node.type in HOLDERS:
        return node
    if node.type in WRAPPERS:
        return next((d for child in node.named_children if (d := _definition(child))), None)
    if node.type in ("lexical_declaration", "variable_declaration", "field_definition"):
        return node if _holds_function(node) else None
    if node.type in ("assignment_expression", "assignment_statement", "public_field_definition"):
        return node if _holds_function(node) else None
    return None


def _holds_function(node: Node) -> bool:
    """Whether what is assigned is a function or a class: ``const run = () => …``."""
    for child in node.named_children:
        if child.type in ("arrow_function", "function_expression", "function_definition", "class"):
            return True
        if child.type in ("variable_declarator", "assignment_statement", "expression_list"):
            return _holds_function(child)
    return False


def _name(definition: Node) -> Node | None:
    """The node that names it: a field of the node, or of what is declared in it."""
    if definition.type == "impl_item":
        return definition.child_by_field_name("type")
    for field in ("name", "left", "property"):
        if found := definition.child_by_field_name(field):
            return found
    if found := definition.child_by_field_name("declarator"):
        return _name(found) or found
    for child in definition.named_children:
        if child.type in ("variable_declarator", "type_spec", "type_alias", "assignment_statement"):
            return _name(child)
        if child.type in ("selectors", "variable_list", "type_identifier"):
            return child
    return None


def _touch(first: Node | None, second: Node) -> bool:
    return first is not None and second.start_point.row - _last_row(first) <= 1


def _last_row(node: Node) -> int:
    # Some grammars count the line end to a comment.
    return node.end_point.row - (1 if node.end_point.column == 0 else 0)


FORMAT = Format(
    name="code", rank=80, claims=lambda source: language_of(source) is not None, read=read_code
)
