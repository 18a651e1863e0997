"""Which language a source file is in, and what the definitions of a language are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

from morgan_core.library.readers.base import Source

_GRAMMARS: Mapping[str, str] = {
    "bash": "tree_sitter_bash",
    "c": "tree_sitter_c",
    "c#": "tree_sitter_c_sharp",
    "c++": "tree_sitter_cpp",
    "css": "tree_sitter_css",
    "go": "tree_sitter_go",
    "haskell": "tree_sitter_haskell",
    "java": "tree_sitter_java",
    "javascript": "tree_sitter_javascript",
    "kotlin": "tree_sitter_kotlin",
    "lua": "tree_sitter_lua",
    "php": "tree_sitter_php:language_php",
    "python": "tree_sitter_python",
    "ruby": "tree_sitter_ruby",
    "rust": "tree_sitter_rust",
    "scala": "tree_sitter_scala",
    "sql": "tree_sitter_sql",
    "swift": "tree_sitter_swift",
    "tsx": "tree_sitter_typescript:language_tsx",
    "typescript": "tree_sitter_typescript:language_typescript",
}

_SUFFIXES: Mapping[str, str] = {
    "bash": ".sh .bash .zsh .ksh .bats .ebuild",
    "c": ".c .h",
    "c#": ".cs .csx",
    "c++": ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ino .cu .cuh .ipp .tpp",
    "css": ".css",
    "go": ".go",
    "haskell": ".hs",
    "java": ".java",
    "javascript": ".js .jsx .mjs .cjs",
    "kotlin": ".kt .kts",
    "lua": ".lua",
    "php": ".php .phtml .php5",
    "python": ".py .pyi .pyw .pyx .bzl .star",
    "ruby": ".rb .rake .gemspec .ru",
    "rust": ".rs",
    "scala": ".scala .sc .sbt",
    "sql": ".sql .ddl .psql",
    "swift": ".swift",
    "tsx": ".tsx",
    "typescript": ".ts .mts .cts",
    # Known to be code, without a grammar here.
    "": ".ada .adb .ads .asm .awk .bat .cfg .clj .cljs .cmake .cmd .coffee .conf .cr .d .dart .el "
    ".elm .erl .ex .exs .f .f90 .fish .fs .fsx .gradle .graphql .groovy .hcl .ini .jl .jsonnet "
    ".less .lisp .lsp .m .mk .ml .mli .mm .nim .nix .pas .pl .pm .properties .proto .ps1 .psm1 "
    ".r .rego .rkt .s .sass .scm .scss .sol .sv .svelte .tcl .tf .tfvars .v .vb .vhd .vhdl .vim "
    ".vue .wat .zig",
}
_NAMES: Mapping[str, str] = {
    "python": "sconstruct sconscript wscript build.bazel",
    "ruby": "gemfile rakefile vagrantfile podfile guardfile brewfile",
    "bash": ".bashrc .bash_profile .bash_aliases .profile .zshrc .zprofile pkgbuild apkbuild",
    "": "makefile gnumakefile dockerfile containerfile jenkinsfile cmakelists.txt justfile "
    "procfile .vimrc .gitconfig .editorconfig .gitignore .dockerignore .gitattributes",
}
_INTERPRETERS = (
    (re.compile(r"python|pypy"), "python"),
    (re.compile(r"node|deno|bun\b"), "javascript"),
    (re.compile(r"ruby"), "ruby"),
    (re.compile(r"php"), "php"),
    (re.compile(r"lua"), "lua"),
    (re.compile(r"\b(?:ba|da|k|z|a)?sh\b|bats"), "bash"),
)
_MODES: Mapping[str, str] = {
    "cpp": "c++",
    "cs": "c#",
    "js": "javascript",
    "sh": "bash",
    "shell-script": "bash",
    "zsh": "bash",
}
_MODE = re.compile(
    rb"-\*-\s*(?:.*?mode:\s*)?([\w+#-]+)\s*(?:;.*)?-\*-|\bvim?:.*?\b(?:ft|filetype|syntax)=([\w+#]+)",
    re.I,
)
_BY_SUFFIX = {suffix: name for name, all_ in _SUFFIXES.items() for suffix in all_.split()}
_BY_NAME = {file: name for name, all_ in _NAMES.items() for file in all_.split()}
_CPLUSPLUS = re.compile(
    rb"^\s*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|(?:public|private|protected):)", re.M
)
_ELSE = re.compile(rb"\s*(?:<\?xml|<!doctype|<TS\b)", re.I)  # Qt's .ts, XML under any name


def language_of(source: Source) -> str | None:
    """The language of a source file, empty for code of an unknown one; None for no code.

    What the first line says goes before the name, the name before its ending.
    """
    head = source.content[:1000]
    if head.startswith(b"#!"):
        interpreter = head.partition(b"\n")[0].decode(errors="replace")
        return next((name for known, name in _INTERPRETERS if known.search(interpreter)), "")
    if _ELSE.match(head):
        return None
    if head.lstrip().startswith(b"<?php"):
        return "php"
    name = source.name.lower()
    language = _BY_NAME.get(name, _BY_SUFFIX.get(source.suffix))
    if language is None and name.partition(".")[0] in ("dockerfile", "makefile", "jenkinsfile"):
        return ""
    if language is None and not source.suffix:
        return _language_inside(head)
    if source.suffix == ".h" and _CPLUSPLUS.search(source.content[:100_000]):
        return "c++"
    return language


def _language_inside(head: bytes) -> str | None:
    """What an editor's mode line, or a first line that only C has, says."""
    if found := _MODE.search(head):
        mode = (found[1] or found[2]).decode().lower()
        mode = _MODES.get(mode, mode)
        return mode if mode in _GRAMMARS else None
    return "c" if re.search(rb"^#include\s*[<\"]", head, re.M) else None


def grammar_of(language: str) -> str | None:
    """The grammar for ``syntax.parse``."""
    return _GRAMMARS.get(language)


def _types(names: str) -> frozenset[str]:
    return frozenset(names.split())


FUNCTIONS = _types(
    """
    function_definition function_declaration generator_function_declaration method_definition
    method_declaration constructor_declaration destructor_declaration function_item method
    singleton_method init_declaration deinit_declaration
    operator_declaration compact_constructor_declaration secondary_constructor
    function signature bind macro_definition type_alias type_alias_declaration rule_set
    function_signature
    """
)
"""Definitions in which no others are looked for."""

HOLDERS = _types(
    """
    class_definition class_declaration abstract_class_declaration interface_declaration
    enum_declaration record_declaration annotation_type_declaration struct_declaration
    struct_specifier class_specifier enum_specifier union_specifier type_definition
    namespace_definition namespace_declaration internal_module module class object_definition
    trait_definition enum_definition object_declaration companion_object protocol_declaration
    trait_declaration struct_item enum_item trait_item impl_item mod_item union_item
    type_declaration data_type newtype instance media_statement
    """
)
"""Definitions that hold others."""

WRAPPERS = _types(
    """
    decorated_definition export_statement template_declaration ambient_declaration
    expression_statement
    """
)
"""Nodes around one definition."""

OPEN = _types(
    """
    declarations preproc_ifdef preproc_if preproc_else linkage_specification declaration_list ERROR
    """
)
"""Nodes whose children count as their parent's."""

LEADING = _types(
    """
    comment line_comment block_comment multiline_comment haddock attribute_item decorator
    """
)
"""What belongs to the definition that follows."""

BODIES = _types(
    """
    class_body enum_body enum_class_body declaration_list field_declaration_list block
    interface_body body_statement template_body protocol_body class_declarations
    instance_declarations statement_block
    """
)
