"""LaTeX: readable, with true lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.latex import FORMAT, read_latex

PAPER = r"""% !TeX root = paper.tex
\documentclass[12pt]{article}
\newcommand{\R}{\mathbb{R}}
\title{On the \emph{Growth} of
  Herons\thanks{Funded by nobody.}}
\author{J.~Schr\"odinger \and Ren\'e D\'{i}az}
\begin{document}
\maketitle
We study herons. % not for readers
\section{Introduction}\label{sec:intro}
See Section~\ref{sec:intro} and \cite[p.~3]{smith2020}.
\subsection*{A \texttt{fine} part}
\begin{verbatim}
\section{no heading} % stays
\end{verbatim}
% \section{Commented out}
\section{Method}
\end{document}
What TeX never sees.
"""


def read(text: str) -> Extracted:
    return read_latex(Source(name="paper.tex", content=text.encode()))


def test_sections_are_headings() -> None:
    paper = read(PAPER)

    assert [(heading.level, heading.title) for heading in paper.headings] == [
        (1, "Introduction"),
        (2, "A fine part"),
        (1, "Method"),
    ]
    assert [paper.text[h.offset :].partition("\n")[0] for h in paper.headings] == [
        "Introduction",
        "A fine part",
        "Method",
    ]
    assert paper.cuts == tuple(heading.offset for heading in paper.headings)


def test_title_and_author_are_known_and_shown() -> None:
    paper = read(PAPER)

    assert paper.title == "On the Growth of Herons"
    assert paper.metadata["author"] == "J. Schrödinger, René Díaz"
    assert "On the Growth of Herons\n" in paper.text


def test_comments_preamble_and_what_follows_the_end_are_left_out() -> None:
    text = read(PAPER).text

    for hidden in ("readers", "mathbb", "Commented", "never sees", "Funded", "!TeX"):
        assert hidden not in text


def test_every_line_stands_where_it_does_in_the_file() -> None:
    paper, source = read(PAPER), PAPER.split("\n")

    lines = paper.text.split("\n")
    for words in ("We study herons", "no heading", "Introduction", "Method", "smith2020"):
        at = next(n for n, line in enumerate(source) if words in line)
        assert words in lines[at]
    at = paper.text.index("smith2020")
    assert paper.place_of(at, at + 5) == "line 11"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"Na\"ive fa\c{c}ade, \v{S}koda, \L{}\'od\'z, Erd\H{o}s", "Naïve façade, Škoda, Łódź, Erdős"),
        (r"Stra\ss e in K\"{o}ln, Garc\'{\i}a", "Straße in Köln, García"),
        (r"50\% of \$5 \& \#1 in a\_b", "50% of $5 & #1 in a_b"),
        (r"``quoted'' --- pages 3--5", "“quoted” — pages 3–5"),
        (r"\textbf{bold \emph{and} more} \LaTeX{} \LaTeX\ too", "bold and more LaTeX LaTeX too"),
        (r"let $a_1 = \frac{1}{2}$ and \(b\)", r"let $a_1 = \frac{1}{2}$ and \(b\)"),
        (r"\url{https://a.b/c%20d} \href{https://x.y}{here}", "https://a.b/c%20d https://x.y here"),
        (r"word\footnote{A \emph{note}.} goes on", "word (A note.) goes on"),
        (r"\verb|\x{%}| and \verb+a+", r"\x{%} and a"),
        (r"see \autoref{fig:a} \cite{b,c}", "see [fig:a] [b,c]"),
        (r"\begin{tabular}{l|r}a & b \\ \hline c & d\end{tabular}", "a | b c | d"),
        (r"\item First \item[Second] third", "• First • [Second] third"),
        (r"\textcolor{red}{seen} \includegraphics[width=3cm]{x.png}", "seen"),
        (r"\unknown[x]{kept}", "kept"),
        ("costs 5\\$, or $6 at most", "costs 5$, or $6 at most"),
        (r"\section{never closed", "never closed"),
    ],
)  # fmt: skip
def test_markup_becomes_what_a_reader_sees(source: str, shown: str) -> None:
    assert " ".join(read(source).text.split()) == shown


SNIPPETS = st.sampled_from(
    [
        r"\section{Title}", r"\emph{x", "}", "{", "$", "$$", r"\[", r"\]", "% comment", r"\\",
        r"\begin{verbatim}", r"\end{verbatim}", r"\begin{tabular}{ll}", r"\begin{itemize}[a",
        r"\footnote{a", "\\footnote\n{a}", "\\url\n{a}", r"\label{", r"\title{A}", r"\author", r"\cite[", "]", r"\begin{equation}",
        r"\end{equation}", r"\verb|", r"\"", r"\'e", "~", "--", r"\begin{comment}", r"\href{u}{",
        r"\newcommand{\a}[1]{#1", "\\cite\n{", r"\begin{document}", r"\end{document}", "",
    ]
)  # fmt: skip


@given(st.lists(st.lists(SNIPPETS, max_size=4), max_size=12))
def test_whatever_is_open_or_damaged_no_line_moves(lines: list[list[str]]) -> None:
    source = "\n".join(f"mark{n}q {' '.join(snippets)}" for n, snippets in enumerate(lines))
    source_lines = source.split("\n")

    for at, line in enumerate(read(source).text.split("\n")):
        for mark in re.findall(r"mark\d+q", line):
            assert mark in source_lines[at]


def test_the_format_is_known_by_its_name_or_its_beginning() -> None:
    assert FORMAT.claims(Source(name="a.tex", content=b""))
    assert FORMAT.claims(Source(name="a", content=b"% note\n\n\\documentclass{book}"))
    assert not FORMAT.claims(Source(name="a.txt", content=b"about \\documentclass"))
