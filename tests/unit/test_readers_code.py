"""Source code and data are cut where their parts begin, and every passage knows its path."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.chunking import Piece, chunk
from morgan_core.library.line_splitting import split_lines
from morgan_core.library.readers import Extracted, Source, formats


def read(name: str, content: str) -> Extracted:
    source = Source(name=name, content=content.encode())
    return next(f for f in formats() if f.claims(source)).read(source)


def paths(extracted: Extracted) -> list[str]:
    return [extracted.heading_at(heading.offset) for heading in extracted.headings]


def piece_with(words: str, pieces: list[Piece]) -> Piece:
    return next(piece for piece in pieces if words in piece.text)


PYTHON = '''\
"""What the module is for."""

import os

LIMIT = 3


# How a turn goes.
@final
class Turn:
    """One question and its answer."""

    def run(self) -> None:
        pass

    # Stops at once.
    @property
    async def stop(self) -> None:
        pass


def main() -> None:
    pass


if __name__ == "__main__":
    main()
'''


def test_python_is_cut_at_functions_classes_and_methods_with_what_leads_them() -> None:
    extracted = read("turn.py", PYTHON)

    assert (extracted.kind, extracted.lines, extracted.text) == ("code", True, PYTHON.rstrip())
    assert paths(extracted) == [
        "class Turn",
        "class Turn › def run",
        "class Turn › async def stop",
        "def main",
        "",
    ]
    begins = [extracted.text[offset:].split("\n")[0].strip() for offset in extracted.cuts]
    assert begins == [
        "# How a turn goes.",
        "# Stops at once.",
        "def main() -> None:",
        'if __name__ == "__main__":',
    ]
    assert "def run" in extracted.text[extracted.cuts[0] : extracted.cuts[1]]


def test_a_passage_of_code_has_its_lines_and_its_path() -> None:
    pieces = chunk(read("turn.py", PYTHON), size=100)

    assert piece_with("async def stop", pieces).heading == "class Turn › async def stop"
    assert piece_with("async def stop", pieces).place == "lines 16–19"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.js",
            "export default class A {\n  // runs\n  run(a) {}\n}\nconst f = async (a) => {};\n",
            ["export default class A", "export default class A › run", "const f"],
        ),
        (
            "a.ts",
            "interface I { a: string }\nexport abstract class C<T> {\n  private run(): void {}\n}",
            ["interface I", "export abstract class C", "export abstract class C › private run"],
        ),
        ("a.tsx", "function App() { return <b>x</b>; }", ["function App"]),
        (
            "A.java",
            "package a;\n@Deprecated\npublic class A {\n  @Override\n  public void run() {}\n}",
            ["public class A", "public class A › public void run"],
        ),
        (
            "a.h",
            "#ifndef A\n#define A\nstruct s { int a; };\nstatic int *f(int a);\nint g(void) {}\n#endif",
            ["struct s", "", "int g"],
        ),
        (
            "a.cpp",
            "namespace n {\ntemplate <class T> T f(T a) { return a; }\n}\nvoid n::A::go() {}",
            ["namespace n", "namespace n › template <class T> T f", "void n::A::go"],
        ),
        (
            "a.cs",
            "namespace N {\n  class A {\n    public void Run() {}\n  }\n}",
            ["namespace N", "namespace N › class A", "namespace N › class A › public void Run"],
        ),
        (
            "a.go",
            "package main\n\n// Run runs.\nfunc (s *Server) Run() {}\ntype T struct { a int }\n",
            ["func (s *Server) Run", "type T"],
        ),
        (
            "a.rs",
            "pub struct A;\nimpl<T> Foo for A<T> {\n    pub fn run(&self) {}\n}\n",
            ["pub struct A", "impl<T> Foo for A<T>", "impl<T> Foo for A<T> › pub fn run"],
        ),
        (
            "a.rb",
            "module M\n  class A\n    def run\n    end\n  end\nend\n",
            ["module M", "module M › class A", "module M › class A › def run"],
        ),
        (
            "a.php",
            "<?php\nclass C {\n  public function run() {}\n}\nfunction f() {}\n",
            ["class C", "class C › public function run", "function f"],
        ),
        ("a.kt", "class A {\n  fun run() {}\n}\n", ["class A", "class A › fun run"]),
        ("a.swift", "class A {\n  func run() {}\n}\n", ["class A", "class A › func run"]),
        ("a.scala", "object O {\n  def run = 1\n}\n", ["object O", "object O › def run"]),
        ("run", "#!/usr/bin/env bash\nset -e\nfoo() { echo; }\n", ["foo"]),
        (
            "a.sql",
            "CREATE TABLE users (id int);\nSELECT 1;\nCREATE VIEW v AS SELECT 1;",
            ["CREATE TABLE users", "", "CREATE VIEW v"],
        ),
        (
            "a.lua",
            "function M.run(a) end\nlocal function f() end\n",
            ["function M.run", "local function f"],
        ),
        ("a.hs", "f :: Int\nf 0 = 1\nf x = 2\n\ndata T = A\n", ["f", "data T"]),
    ],
)
def test_every_language_names_its_definitions(name: str, content: str, expected: list[str]) -> None:
    assert paths(read(name, content)) == expected


@pytest.mark.parametrize(
    ("name", "content", "language"),
    [
        ("tool", "#!/usr/bin/python3 -u\nprint(1)", "python"),
        ("tool.txt", "#!/bin/sh\necho", "bash"),
        ("page", "<?php echo 1;", "php"),
        ("file", "// -*- mode: c++; tab-width: 4 -*-\nint x;", "c++"),
        ("file", "#include <stdio.h>\nint main() {}", "c"),
        ("a.h", "class A {\npublic:\n};", "c++"),
        ("Rakefile", "task :a", "ruby"),
        ("Makefile", "all:\n\techo", None),
        ("Dockerfile.dev", "FROM debian", None),
    ],
)
def test_code_is_known_by_its_first_lines_and_its_name(
    name: str, content: str, language: str | None
) -> None:
    extracted = read(name, content)

    assert extracted.kind == "code"
    assert extracted.metadata.get("programming_language") == language


def test_code_in_an_unknown_language_is_cut_at_its_margin() -> None:
    extracted = read("Makefile", "all: a\n\techo\n\n\techo\n\nclean:\n\trm a\n")

    assert [extracted.text[cut:][:5] for cut in extracted.cuts] == ["all: ", "clean"]


def test_a_syntax_error_leaves_the_rest_in_order() -> None:
    extracted = read("a.py", "def a():\n    pass\n\nclass B(:\n\ndef c():\n    pass\n")

    assert "def a" in paths(extracted)
    assert any("def c" in path for path in paths(extracted))


def test_a_class_is_cut_into_methods_only_where_it_does_not_fit() -> None:
    classes = "\n\n".join(
        f"class {name}:\n    def a(self):\n        {'x' * 60}\n\n    def b(self):\n        {size}\n"
        for name, size in (("One", "y" * 20), ("Two", "y" * 90), ("Three", "y" * 20))
    )

    pieces = chunk(read("a.py", classes), size=200)

    assert [piece.heading for piece in pieces] == [
        "class One",
        "class Two",
        "class Two › def b",
        "class Three",
    ]


def test_a_long_function_is_divided_between_statements() -> None:
    blocks = "".join(
        f"    for item in items_{n}:\n        if item:\n            use(\n"
        f"                item,\n            )\n        else:\n            drop(item)\n"
        for n in range(12)
    )

    pieces = chunk(read("a.py", f"def long():\n{blocks}"), size=400)

    assert len(pieces) > 2
    assert all(piece.text.startswith("    for item") for piece in pieces[1:])
    assert {piece.heading for piece in pieces} == {"def long"}


@given(st.text(alphabet="ab {}()\n\t#", max_size=400), st.integers(5, 60))
def test_split_lines_keeps_every_character(text: str, size: int) -> None:
    def by_size(line: str) -> list[tuple[int, str]]:
        return [(at, line[at : at + size]) for at in range(0, len(line), size)]

    parts = split_lines(text, size, by_size)

    assert "".join(part for _, part in parts) == text
    assert all(text[at : at + len(part)] == part and len(part) <= size for at, part in parts)


# --- data ----------------------------------------------------------------------------------

LONG = "x" * 120


def test_json_is_found_by_key_path_where_it_stands() -> None:
    text = f'{{\n  "services": {{\n    "web": {{\n      "ports": ["{LONG}"]\n    }}\n  }},\n  "v": 1\n}}'

    extracted = read("stack.json", text)

    assert (extracted.kind, extracted.text, extracted.lines) == ("json", text, True)
    assert paths(extracted) == ["services", "services › web", "services › web › ports", ""]


def test_json_without_lines_is_laid_out_and_loses_nothing() -> None:
    text = '{"a":{"b":[1,2.50,3],"c":"q \\" {"},"d":[],"e":[{"f":null}],"g":"%s"}' % ("y" * 2000)

    extracted = read("data", text)

    assert (extracted.kind, extracted.lines) == ("json", False)
    assert extracted.text.split("\n")[:9] == [
        "{",
        '  "a": {',
        '    "b": [1,2.50,3],',
        '    "c": "q \\" {"',
        "  },",
        '  "d": [],',
        '  "e": [',
        "    {",
        '      "f": null',
    ]
    assert "".join(extracted.text.split()) == "".join(text.split())


def test_letters_escaped_in_json_are_found_as_letters() -> None:
    text = '{"a": "M\\u00fcller \\ud83d\\ude00", "b": "\\\\u00fc", "c": "\\u0022\\u0000"}'

    assert (
        read("a.json", text).text == '{"a": "Müller 😀", "b": "\\\\u00fc", "c": "\\u0022\\u0000"}'
    )


def test_json_lines_are_cut_at_their_records() -> None:
    text = f'{{"n": 1, "t": "{LONG}"}}\n{{"n": 2, "t": "{LONG}"}}\n{{"n": 3, "t": "{LONG}"}}\n'

    pieces = chunk(read("log", text), size=150)

    assert [piece.place for piece in pieces] == ["line 1", "line 2", "line 3"]


def test_yaml_is_found_by_key_path_and_keeps_comments_with_what_they_are_about() -> None:
    text = f"a: 1\nservices:\n  # The shop.\n  web:\n    image: {LONG}\n    ports:\n    - 80\nz: &x {{b: 1}}\n"

    extracted = read("stack.yml", text)
    pieces = chunk(extracted, size=185)

    assert paths(extracted) == ["services", "services › web", "z"]
    assert piece_with("The shop", pieces).text.startswith("services:\n  # The shop.\n  web:")
    assert piece_with("image", pieces).place == "lines 2–7"


def test_yaml_builds_no_object_and_follows_no_alias() -> None:
    text = "a: &a [x]\nb: &b [*a, *a]\nc: !!python/object/apply:os.system [rm]\n"

    assert read("a.yaml", text).text == text.rstrip()


def test_toml_tables_are_paths() -> None:
    extracted = read("a.toml", '[tool."ruff".lint]\na = 1\n\n[[contracts]]\nb = 2\n')

    assert paths(extracted) == ["tool › ruff › lint", "contracts"]


def test_xml_elements_are_paths_named_by_their_attribute() -> None:
    text = (
        '<?xml version="1.0"?>\n<beans>\n  <bean id="users">\n    <set>'
        f"{LONG}</set>\n  </bean>\n  <bean id='mail'><set>{LONG}</set></bean>\n</beans>"
    )

    extracted = read("context", text)

    assert extracted.text == text
    assert paths(extracted) == ["beans", "beans › bean users", "beans › bean mail"]


def test_xml_entities_are_left_as_they_are_written() -> None:
    bombs = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    text = (
        f'<!DOCTYPE l [<!ENTITY e0 "lol">{bombs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        "<l>&e12;&f;</l>"
    )

    assert read("a.xml", text).text == text


# --- time ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", "[" * 50_000),
        ("a.json", '{"a":' * 50_000),
        ("a.json", '"' * 100_000),
        ("a.json", '{"a":"\\u00fc' + "\\" * 200_000),
        ("a.xml", "<a>" * 50_000),
        ("a.yaml", "[ " * 50_000),
        ("a.py", "(" * 100_000),
        ("a.js", "var a=function(b){return b+1};" * 20_000),
        ("a.ts", "}}}}{{{{\n" * 10_000),
        ("a.cpp", "<<>>::(\n" * 50_000),
        ("a.yaml", "\n".join(" " * depth + "a:" for depth in range(1500))),
        ("a.yaml", "- " * 3000),
        ("a.toml", "[" + "a." * 50_000 + "b]\nc = 1\n"),
    ],
    ids=lambda value: value[:12],
)
def test_no_structure_takes_long(name: str, content: str) -> None:
    started = time.process_time()

    chunk(read(name, content), size=900)

    assert time.process_time() - started < 5
