"""From the name of a model to its file, and what is wrong with it."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morgan_core.errors import ModelError
from morgan_core.llm.catalogue import ENTRIES, STARTER, Catalogue, Entry
from morgan_core.llm.checked import Remembered, sha256_of
from morgan_core.llm.gguf import GGUFHeader, read_header
from morgan_core.llm.memory import check_memory
from morgan_core.llm.offload import ALL_LAYERS, layers_that_fit
from morgan_core.paths import Paths, find_paths
from tests.llm_files import gguf

GIB = 1024**3


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = find_paths(tmp_path)
    paths.models.mkdir(parents=True)
    return paths


def entry_for(data: bytes, **changes: object) -> Entry:
    entry = Entry(
        name="small",
        repo="someone/small",
        file="small.gguf",
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        context=2048,
        kv_bytes=100,
        licence="MIT",
    )
    return msgspec.structs.replace(entry, **changes)


def test_the_starter_is_found_in_its_package_and_has_the_pinned_checksum(paths: Paths) -> None:
    found = Catalogue(paths).resolve(STARTER)

    assert found.info.state == "present"
    assert found.path.stat().st_size == found.info.size
    assert found.info.licence == "Apache-2.0"
    header = read_header(found.path)
    assert (header.context, header.layers) == (8192, 30)
    assert header.kv_bytes_per_token == Catalogue(paths).entry(STARTER).kv_bytes


def test_every_entry_of_the_catalogue_is_complete() -> None:
    for entry in ENTRIES:
        assert entry.repo or entry.package
        assert entry.memory > entry.size > 0
        assert len(entry.sha256) in (0, 64)


def test_a_model_that_is_not_there_tells_how_to_get_it(paths: Paths) -> None:
    with pytest.raises(ModelError, match="models pull qwen3-4b"):
        Catalogue(paths).resolve("qwen3-4b")


def test_an_unknown_name_lists_the_known_ones(paths: Paths) -> None:
    with pytest.raises(ModelError, match=r"no model 'gpt-9'.*smollm2-135m-instruct"):
        Catalogue(paths).resolve("gpt-9")


def test_a_path_a_home_path_and_a_file_of_the_models_directory_are_models(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(gguf())
    (paths.models / "other.gguf").write_bytes(gguf())
    catalogue = Catalogue(paths)

    assert catalogue.resolve(str(mine)).path == mine
    assert catalogue.resolve("~/mine.gguf").path == mine
    assert catalogue.resolve("other.gguf").path == paths.models / "other.gguf"
    assert catalogue.resolve("other").path == paths.models / "other.gguf"
    assert catalogue.resolve(str(mine)).info.context == 2048


def test_files_in_the_models_directory_are_listed_after_the_catalogue(paths: Paths) -> None:
    (paths.models / "other.gguf").write_bytes(gguf())
    (paths.models / "half.gguf.part").write_bytes(gguf())

    names = [info.name for info in Catalogue(paths).list()]

    assert names == [*(e.name for e in ENTRIES), "other.gguf"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a GGUF"),
        (b"%PDF-1.7 hello", "not a GGUF"),
        (b"GGUF", "damaged"),
        (gguf()[:60], "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "damaged"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "damaged"),
        (gguf(architecture=""), "not of a language model"),
    ],
)
def test_a_file_that_is_no_model_is_refused(paths: Paths, data: bytes, reason: str) -> None:
    (paths.models / "bad.gguf").write_bytes(data)

    with pytest.raises(ModelError, match=reason):
        Catalogue(paths).resolve("bad.gguf")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_of_the_header_escapes_as_another_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(gguf())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "fuzzed.gguf"
    path.write_bytes(whole[: data.draw(st.integers(4, len(whole)))])

    try:
        header = read_header(path)
    except ModelError as error:
        assert "fuzzed.gguf" in str(error)
    else:
        assert header.layers > 0


def test_a_damaged_model_of_the_catalogue_is_refused(paths: Paths) -> None:
    entry = entry_for(gguf())
    damaged = bytearray(gguf())
    damaged[-1] ^= 1
    (paths.models / entry.file).write_bytes(damaged)

    with pytest.raises(ModelError, match="damaged: its sha256"):
        Catalogue(paths, (entry,)).resolve("small")


def test_a_checksum_is_computed_once_and_again_when_the_file_changes(paths: Paths) -> None:
    path = paths.models / "a.gguf"
    path.write_bytes(b"one")
    remembered = Remembered(paths.models / "checksums.json")
    first = sha256_of(path, paths.models)
    remembered.put(next(iter(remembered._read())), "remembered")
    second = sha256_of(path, paths.models)
    path.write_bytes(b"two!")

    assert first == hashlib.sha256(b"one").hexdigest()
    assert second == "remembered"
    assert sha256_of(path, paths.models) == hashlib.sha256(b"two!").hexdigest()


def test_a_damaged_memory_file_is_rebuilt(paths: Paths) -> None:
    (paths.models / "checksums.json").write_text("{broken")
    path = paths.models / "a.gguf"
    path.write_bytes(b"one")

    assert sha256_of(path, paths.models) == hashlib.sha256(b"one").hexdigest()


def header(size: int = 4 * GIB) -> GGUFHeader:
    return GGUFHeader(
        architecture="llama", name="", size=size, context=8192, layers=32, embedding=4096,
        heads=32, kv_heads=8, head_size=128, vocabulary=32000, licence="", has_template=True,
    )  # fmt: skip


def test_a_model_too_large_for_the_memory_is_refused_with_both_numbers() -> None:
    with pytest.raises(ModelError, match=r"needs 5\.1 GiB.*2\.0 GiB are free"):
        check_memory(header(), 8192, "big", free=2 * GIB)

    check_memory(header(), 8192, "big", free=8 * GIB)


def test_as_many_layers_go_to_the_gpu_as_fit() -> None:
    assert layers_that_fit(header(), 8192, free=24 * GIB) == ALL_LAYERS
    assert 0 < layers_that_fit(header(), 8192, free=3 * GIB) < 32
    assert layers_that_fit(header(), 8192, free=GIB // 2) == 0


@given(st.integers(0, 64 * GIB), st.integers(0, 64 * GIB))
def test_more_free_memory_never_means_fewer_layers(one: int, two: int) -> None:
    def count(free: int) -> float:
        layers = layers_that_fit(header(), 8192, free)
        return float("inf") if layers == ALL_LAYERS else layers

    assert (count(one) <= count(two)) == (one <= two) or count(one) == count(two)
