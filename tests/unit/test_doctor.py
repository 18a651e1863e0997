"""The doctor: every finding names the thing and the mend."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from morgan_core.paths import Paths
from morgan_core.settings import LoadedSettings, Settings, load_settings
from morgan_core.storage.lock import DataDirLock, OwnerCard
from morgan_tui.cli import doctor_checks as checks
from morgan_tui.cli.doctor import report

CPU_LLAMA = {"version": "0.3.36", "offload": False}
CPU_TORCH = {"version": "2.13.0", "cuda": "", "mps": False}


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    run = tmp_path / "run"
    run.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
    data = tmp_path / "data"
    return Paths(data=data, config=tmp_path, cache=data / "cache", logs=data / "logs")


@pytest.mark.parametrize(
    ("found", "gpu", "state", "says"),
    [
        (CPU_LLAMA, "", "ok", "built for the CPU"),
        ({**CPU_LLAMA, "offload": True}, "H200", "ok", "built for the GPU"),
        (CPU_LLAMA, "H200", "note", "there is a GPU (H200)"),
        ("ModuleNotFoundError: No module named 'llama_cpp'", "", "problem", "No module named"),
    ],
)
def test_llama_cpp_is_judged_by_its_build_and_the_gpu(
    found: Any, gpu: str, state: str, says: str
) -> None:
    check = checks.llama_cpp(found, gpu, Settings())

    assert check.state == state
    assert says in check.detail
    assert bool(check.mend) == (state != "ok")


@pytest.mark.parametrize(
    ("found", "gpu", "device", "state"),
    [
        (CPU_TORCH, "", "auto", "ok"),
        (CPU_TORCH, "", "cuda", "problem"),
        (CPU_TORCH, "", "mps", "problem"),
        (CPU_TORCH, "H200", "auto", "note"),
        (CPU_TORCH, "H200", "cpu", "ok"),
        ({**CPU_TORCH, "cuda": "H200"}, "H200", "cuda", "ok"),
        ("ImportError: libgomp.so.1", "", "auto", "problem"),
    ],
)
def test_torch_is_judged_by_the_device_that_was_chosen(
    found: Any, gpu: str, device: str, state: str
) -> None:
    check = checks.torch_device(found, gpu, Settings.model_validate({"embedding_device": device}))

    assert check.state == state
    assert bool(check.mend) == (state != "ok")


def test_remote_models_need_nothing_on_this_machine(paths: Paths) -> None:
    settings = Settings(llm_base_url="http://h/v1", embedding_base_url="http://h/v1")
    found = [
        checks.llama_cpp("missing", "", settings),
        checks.torch_device("missing", "", settings),
        checks.chat_model(settings, paths),
        checks.embedder(settings),
    ]

    assert [check.state for check in found] == ["ok"] * 4


def test_the_starter_models_are_found_and_nothing_is_written(paths: Paths) -> None:
    assert checks.chat_model(Settings(), paths).state == "ok"
    assert checks.embedder(Settings()).state == "ok"
    assert not paths.data.exists()


def test_a_missing_chat_model_is_named(paths: Paths) -> None:
    check = checks.chat_model(Settings(llm_model="/nowhere/model.gguf"), paths)

    assert check.state == "problem"
    assert "/nowhere/model.gguf" in check.detail
    assert "llm_model" in check.mend


def test_a_data_directory_open_to_others_is_a_problem(paths: Paths) -> None:
    assert "will be created" in checks.data_directory(paths).detail
    paths.data.mkdir(mode=0o700)
    assert checks.data_directory(paths).state == "ok"

    paths.data.chmod(0o755)
    check = checks.data_directory(paths)

    assert check.state == "problem"
    assert "755" in check.detail
    assert f"chmod 700 '{paths.data}'" in check.mend


def test_a_file_in_place_of_the_data_directory_is_a_problem(paths: Paths) -> None:
    paths.data.write_text("in the way")

    assert checks.data_directory(paths).state == "problem"


# --- the owner of the data directory -----------------------------------------------------


@pytest.fixture
def lock(paths: Paths) -> Iterator[DataDirLock]:
    paths.data.mkdir(mode=0o700)
    lock = DataDirLock(paths.lock)
    assert lock.acquire()
    yield lock
    lock.release()


def card(pid: int, **fields: Any) -> OwnerCard:
    return OwnerCard(**{"pid": pid, "version": "0", "state": "ready", **fields})


def test_no_owner_is_fine(paths: Paths) -> None:
    assert checks.owner(paths).detail == "none"


def test_an_owner_that_answers_is_fine(paths: Paths, lock: DataDirLock, tmp_path: Path) -> None:
    path = str(tmp_path / "run" / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        lock.write_card(card(os.getpid(), socket=path))

        check = checks.owner(paths)

    assert check.state == "ok"
    assert check.detail == f"process {os.getpid()}, ready"


def test_an_owner_that_does_not_answer_is_a_problem(paths: Paths, lock: DataDirLock) -> None:
    lock.write_card(card(os.getpid(), socket="/nowhere"))

    check = checks.owner(paths)

    assert check.state == "problem"
    assert f"kill {os.getpid()}" in check.mend


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_an_owner_that_was_killed_left_only_its_card(paths: Paths, lock: DataDirLock) -> None:
    lock.write_card(card(ended_process()))
    lock.release()

    check = checks.owner(paths)

    assert check.state == "ok"
    assert "ended without leaving" in check.detail


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/locks is Linux's")
def test_a_lock_that_outlives_its_owner_is_a_problem(paths: Paths, lock: DataDirLock) -> None:
    lock.write_card(card(ended_process()))

    check = checks.owner(paths)

    assert check.state == "problem"
    assert "still holds the data directory" in check.detail


# --- the rest ----------------------------------------------------------------------------


def test_a_low_limit_of_watches_is_noted(tmp_path: Path) -> None:
    (tmp_path / "max_user_watches").write_text("8192\n")
    (tmp_path / "max_user_instances").write_text("128\n")

    check = checks.watches(tmp_path)

    assert check.state == "note"
    assert "fs.inotify.max_user_watches=" in check.mend
    assert checks.watches(tmp_path / "absent").state == "ok"


@pytest.mark.slow
def test_the_report_as_json_is_one_object_and_sets_the_exit_code(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load_settings(paths, environ={"MORGAN_API_KEY": "hunter2hunter2"})

    code = report(loaded, paths, as_json=True)

    output = capsys.readouterr().out
    data = json.loads(output)
    assert code == (0 if data["healthy"] else 3)
    states = {check["name"]: check["state"] for check in data["checks"]}
    assert states["llama.cpp"] in ("ok", "note")
    assert states["torch"] in ("ok", "note")
    shown = {setting["name"]: setting for setting in data["settings"]}
    assert shown["api_key"]["value"] == "•••"
    assert shown["api_key"]["source"] == "environment MORGAN_API_KEY"
    assert "hunter2" not in output


@pytest.mark.slow
def test_the_report_for_people_marks_the_problem_and_its_mend(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(llm_model="/no\x1b[2J/model.gguf")

    code = report(LoadedSettings(values=settings, sources={}), paths, as_json=False)

    output = capsys.readouterr().out
    assert code == 3
    assert "\x1b" not in output
    assert any(line.startswith("  PROBLEM chat model") for line in output.splitlines())
    assert "→ " in output
    assert output.rstrip().endswith("to mend.")
