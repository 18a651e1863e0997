"""Notebooks: the cells in order, what they printed, and no pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from morgan_core.library.readers import Extracted, read


def notebook(folder: Path, *cells: dict[str, Any], name: str = "a.ipynb", **more: Any) -> Extracted:
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}
    (folder / name).write_text(json.dumps(content))
    return read(folder / name)


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def markdown(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": list(lines)}


def test_cells_stand_in_order_with_their_numbers(tmp_path: Path) -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": ["4", "2\n"]}

    extracted = notebook(
        tmp_path,
        markdown("# Answer\n", "to everything"),
        code("print(42)", printed),
        markdown("## End"),
        metadata={"language_info": {"name": "python"}},
    )

    assert extracted.text == "# Answer\nto everything\n\nprint(42)\n\nOutput:\n42\n\n## End"
    assert [(h.level, h.title) for h in extracted.headings] == [(1, "Answer"), (2, "End")]
    assert all(extracted.text[h.offset] == "#" for h in extracted.headings)
    assert [extracted.text[at:][:5] for at in extracted.cuts] == ["print", "## En"]
    where = extracted.text.index("Output")
    assert extracted.place_of(where, where + 9) == "cell 2"
    assert (extracted.kind, extracted.title) == ("notebook", "Answer")
    assert extracted.metadata == {"programming_language": "python"}


def test_results_are_text_and_pictures_are_left_out(tmp_path: Path) -> None:
    picture = {"image/png": "iVBORw0KGgo" * 100, "text/plain": "<Figure size 640x480>"}
    inline = f"![plot](data:image/png;base64,{'A' * 5000})"
    failed = {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "'x'",
        "traceback": ["\x1b[31m"],
    }

    extracted = notebook(
        tmp_path,
        code("plot()", {"output_type": "display_data", "data": picture}),
        code("d['x']", failed),
        markdown(inline, "\nA plot"),
    )

    assert extracted.text == (
        "plot()\n\nOutput:\n<Figure size 640x480>\n\nd['x']\n\nOutput:\nKeyError: 'x'\n\n"
        "![plot]\nA plot"
    )


def test_a_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    text = "begin " + "x" * 100_000 + " end"

    extracted = notebook(tmp_path, code("f()", {"output_type": "stream", "text": text}))

    assert len(extracted.text) < 5000
    assert "begin" in extracted.text and "\n…\n" in extracted.text
    assert extracted.text.endswith("end")


def test_notebooks_of_the_older_format_are_read(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old"]},
        {
            "cell_type": "code",
            "input": ["1 + 1"],
            "outputs": [{"output_type": "pyout", "text": ["2"]}],
        },
    ]
    content = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}
    (tmp_path / "a.ipynb").write_text(json.dumps(content))

    extracted = read(tmp_path / "a.ipynb")

    assert extracted.text == "Old\n\n1 + 1\n\nOutput:\n2"
    assert extracted.headings[0].level == 2


def test_it_is_known_by_its_content(tmp_path: Path) -> None:
    assert notebook(tmp_path, markdown("Text"), name="a.json").kind == "notebook"


def test_what_is_no_notebook_is_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text('{"nbformat": 4, "cells": [ <<<<<<< HEAD')

    assert "<<<<<<< HEAD" in read(tmp_path / "a.ipynb").text


def test_cells_of_unexpected_shape_do_no_harm(tmp_path: Path) -> None:
    extracted = notebook(
        tmp_path,
        {"cell_type": 5, "source": {"a": 1}, "outputs": "none"},
        {"outputs": [None, {"output_type": "display_data", "data": [1]}]},
        markdown("Text"),
    )

    assert extracted.text == "Text"
    assert extracted.place_of(0, 4) == "cell 3"
