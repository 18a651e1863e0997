"""The set-up script: does nothing twice, shows progress, and names what is missing.

pip and venv are played by a small interpreter of the test, so that nothing is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import psutil
import pytest

from tests.helpers import eventually

ROOT = Path(__file__).parents[2]
INPUTS = ("pyproject.toml", "packaging/constraints.txt", "packaging/slim.cmake")
SCRIPT = "packaging/scripts/setup.sh"

# -S: a Python in which nothing is installed.
INTERPRETER = f"""#!/bin/sh
case "$1 $2" in
    "-c "*) [ -n "$NO_VENV" ] && case $2 in *ensurepip*) exit 1 ;; esac
            exec {sys.executable} -S "$@" ;;
    "-m venv") for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
    "-m pip") case "$*" in *" install "*) ;; *) exit 0 ;; esac
              echo "$*" >>"$PIP_CALLS"
              cat "$PIP_SAYS"
              echo $$ >"$PIP_CALLS.pid"
              exec sleep "${{PIP_SECONDS:-0}}" ;;
    "--version ") echo "Python 3.11.7" ;;
    *) exit 9 ;;
esac
"""
# The script looks at a step once a second; here more often.
TICK = f"""#!/bin/sh
[ "$1" = 1 ] && set -- 0.05
exec {shutil.which("sleep")} "$@"
"""
FAILING = '*" install "*) cat "$PIP_SAYS"; exit 1 ;;'


class Checkout:
    """A copy of what the set-up reads, with a PATH of the test's choosing."""

    def __init__(self, root: Path) -> None:
        self.root = root / "checkout"
        for name in (*INPUTS, SCRIPT):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.bin = root / "bin"
        self.bin.mkdir()
        for tool in (
            *("awk", "cat", "cksum", "cp", "cut", "date", "df", "dirname", "grep", "head"),
            *("mkdir", "sed", "sh", "tail", "tr", "uname"),
        ):
            found = shutil.which(tool)
            assert found
            (self.bin / tool).symlink_to(found)
        self.calls, self.says = root / "calls", root / "says"
        self.says.touch()
        self.environ = {
            "PATH": str(self.bin),
            "PIP_CALLS": str(self.calls),
            "PIP_SAYS": str(self.says),
            "CUDA_HOME": "/nowhere",
            "https_proxy": "http://127.0.0.1:9",  # torch's own index cannot be reached
        }
        self.command("cc")
        self.command("c++")
        self.command("sleep", TICK)
        self.interpreter(INTERPRETER)

    def command(self, name: str, text: str = "#!/bin/sh\n") -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def interpreter(self, text: str) -> None:
        self.command("python3", text)

    def set_up(self, kind: str = "run", **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.root / SCRIPT), kind],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def installs(self) -> list[str]:
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def only_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The failure, which must be one sentence in one line."""
    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("morgan: ")
    return last


def test_it_installs_torch_llama_and_the_rest_under_the_pins(checkout: Checkout) -> None:
    done = checkout.set_up()

    assert done.returncode == 0, done.stderr
    torch, llama, rest = checkout.installs()
    assert torch.endswith("torch==2.13.0")
    assert "llama-cpp-python==" in llama
    assert rest.endswith("-e .[starter]")
    assert all("-c packaging/constraints.txt" in line for line in (torch, llama, rest))
    assert "ready" in done.stderr


def test_it_does_nothing_twice_until_something_changed(checkout: Checkout) -> None:
    assert checkout.set_up("dev").returncode == 0
    assert checkout.installs()[-1].endswith("-e .[starter,dev]")

    started = time.monotonic()
    again = checkout.set_up("dev")
    for_the_app = checkout.set_up("run")
    took = time.monotonic() - started

    assert (again.returncode, again.stderr) == (0, "")
    assert (for_the_app.returncode, for_the_app.stderr) == (0, "")
    assert checkout.installs() == []
    assert took < 2

    with (checkout.root / "packaging/constraints.txt").open("a") as constraints:
        constraints.write("# a new pin\n")
    assert checkout.set_up("dev").returncode == 0
    assert checkout.installs()


def test_the_app_alone_is_not_enough_for_the_checks(checkout: Checkout) -> None:
    checkout.set_up("run")
    checkout.installs()

    checkout.set_up("dev")

    assert checkout.installs()[-1].endswith("-e .[starter,dev]")


def test_python_that_is_missing_is_named(checkout: Checkout) -> None:
    checkout.interpreter("#!/bin/sh\n[ $1 = --version ] && echo Python 3.9.2; exit 1\n")

    sentence = only_sentence(checkout.set_up())

    assert "Python 3.11 or newer is missing (python3 is Python 3.9.2)" in sentence
    assert "apt install python3" in sentence


def test_a_wrong_choice_of_python_is_named(checkout: Checkout) -> None:
    assert "PYTHON=/nowhere/python is not" in only_sentence(
        checkout.set_up(PYTHON="/nowhere/python")
    )


def test_a_missing_venv_module_is_named(checkout: Checkout) -> None:
    sentence = only_sentence(checkout.set_up(NO_VENV="1"))

    assert "has no venv module" in sentence
    assert "apt install python3-venv" in sentence


@pytest.mark.parametrize(("compiler", "named"), [("cc", "A C compiler"), ("c++", "A C++ compiler")])
def test_a_missing_compiler_is_named_before_anything_is_downloaded(
    checkout: Checkout, compiler: str, named: str
) -> None:
    (checkout.bin / compiler).unlink()

    sentence = only_sentence(checkout.set_up())

    assert f"{named} is missing" in sentence
    assert "apt install" in sentence
    assert checkout.installs() == []


def test_a_full_disk_is_named_before_anything_is_downloaded(checkout: Checkout) -> None:
    checkout.command("df", "#!/bin/sh\necho Header\necho /dev/x 100 50 2097152 96% /\n")

    sentence = only_sentence(checkout.set_up())

    assert "has 2 GB of free disk and the set-up needs" in sentence
    assert checkout.installs() == []


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("c++: fatal error: Killed signal terminated program cc1plus", "memory ran out"),
        (
            "Failed to establish a new connection: [Errno 111]\n"
            "ERROR: No matching distribution found for torch==2.13.0",
            "the package index cannot be reached",
        ),
        ("ERROR: No matching distribution found for torch==2.13.0", "has no torch==2.13.0"),
        ("CMake Error: CMAKE_C_COMPILER not set", "compiler does not work"),
        ("ERROR: something else entirely", "ERROR: something else entirely"),
    ],
)
def test_a_step_that_fails_is_told_in_a_sentence_with_the_log(
    checkout: Checkout, output: str, says: str
) -> None:
    checkout.says.write_text(output + "\n")
    checkout.interpreter(INTERPRETER.replace('*" install "*) ;;', FAILING))

    sentence = only_sentence(checkout.set_up())

    log = checkout.root / ".venv" / "setup.log"
    assert says in sentence
    assert f"(details: {log})" in sentence
    assert output in log.read_text()


def test_a_failed_set_up_is_tried_again(checkout: Checkout) -> None:
    checkout.interpreter(INTERPRETER.replace('*" install "*) ;;', FAILING))
    assert checkout.set_up().returncode == 1

    checkout.interpreter(INTERPRETER)
    shutil.copy(checkout.bin / "python3", checkout.root / ".venv/bin/python")

    assert checkout.set_up().returncode == 0
    assert len(checkout.installs()) == 3


async def test_a_terminal_sees_how_far_the_compile_is_and_can_interrupt_it(
    checkout: Checkout,
) -> None:
    checkout.says.write_text("  [30/120] Building CXX object a.o\n  [90/120] Building b.o\n")
    child = pexpect.spawn(
        "/bin/sh",
        [str(checkout.root / SCRIPT), "run"],
        env={**checkout.environ, "PIP_SECONDS": "30"},
        timeout=20,
        encoding="utf-8",
    )
    child.expect(r"installing torch … \d+ s, 75 %")

    child.sendintr()

    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not (checkout.root / ".venv" / "morgan-setup-run").exists()
    pip = int(checkout.calls.with_suffix(".pid").read_text())
    await eventually(lambda: not psutil.pid_exists(pip))


def test_with_a_gpu_and_its_compiler_llama_is_built_for_it(checkout: Checkout) -> None:
    checkout.command("nvidia-smi", "#!/bin/sh\necho GPU 0: NVIDIA H200\n")
    checkout.command("nvcc")

    done = checkout.set_up()

    assert done.returncode == 0
    assert "compiling llama.cpp for CUDA" in done.stderr
    assert "--no-cache-dir" in checkout.installs()[1]


def test_with_a_gpu_and_no_compiler_it_says_what_to_install(checkout: Checkout) -> None:
    checkout.command("nvidia-smi", "#!/bin/sh\necho GPU 0: NVIDIA H200\n")

    done = checkout.set_up()

    assert done.returncode == 0
    assert "install the CUDA toolkit (nvcc)" in done.stderr
