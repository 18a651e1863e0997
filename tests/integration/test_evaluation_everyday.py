"""How good retrieval is with the starter embedder, on the project's own small collection.

The floors are what was measured, less what two queries more or less would change. A change of
retrieval that falls below them is worse; one that is far above them raises them.
"""

from __future__ import annotations

import json

import pytest

from morgan_core.embedding.catalogue import describe
from morgan_core.errors import ModelError
from morgan_core.settings import Settings
from morgan_tui.cli.main import main
from tests.everyday import write_collection

pytestmark = pytest.mark.slow


def test_everyday_questions_find_their_texts(tmp_path, monkeypatch, capsys):
    try:
        describe(Settings())
    except ModelError as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("MORGAN_CONFIG_DIR", str(tmp_path / "config"))
    folder = write_collection(tmp_path / "everyday")

    code = main(["eval", "--beir", str(folder), "--json", "--data-dir", str(tmp_path / "data")])

    said = capsys.readouterr()
    assert code == 0, said.err
    found = json.loads(said.out)
    halves = [found["stages"][half]["ndcg@10"]["mean"] for half in ("dense", "bm25")]
    assert found["ndcg@10"] >= max(0.88, *halves), found["stages"]
    assert found["mrr@10"] >= 0.87
    assert found["recall@100"] == 1.0
    assert max(halves) < 0.95, "neither words nor vectors alone should do"
