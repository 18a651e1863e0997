"""The command line as a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import morgan_core
from morgan_tui.cli.console import Console
from morgan_tui.cli.width import rows

RUN = [sys.executable, "-m", "morgan_tui"]


def test_version_imports_nothing_else() -> None:
    program = textwrap.dedent(
        """
        import sys
        before = set(sys.modules)
        sys.argv = ["morgan-tui", "--version"]
        from morgan_tui.__main__ import main
        code = main()
        print(code, sorted(set(sys.modules) - before))
        """
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert said.stdout.splitlines() == [
        f"morgan-tui {morgan_core.__version__}",
        "0 ['morgan_core', 'morgan_tui', 'morgan_tui.__main__']",
    ]


def test_help_imports_nothing_of_the_core() -> None:
    program = (
        "import sys\nfrom morgan_tui.cli.main import main\nmain(['--help'])\n"
        "print([m for m in sys.modules if m.startswith('morgan_core')], file=sys.stderr)"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert "usage: morgan-tui" in said.stdout
    assert said.stderr.strip() == "[]"


def test_without_a_terminal_it_says_what_to_use_instead() -> None:
    said = subprocess.run(RUN, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    assert said.returncode == 2
    assert said.stdout == ""
    assert said.stderr.count("\n") == 1
    assert "ask" in said.stderr
    assert "--headless" in said.stderr


ASKING = textwrap.dedent(
    """
    import sys
    from morgan_core.events import Token
    from morgan_tui.cli.main import main
    from tests.cli_fakes import FakeMorgan

    morgan = FakeMorgan()
    morgan.turn = [Token(turn_id="t", seq=1, text="It is ", start=0)]
    morgan.hang = True
    code = main(["ask", "q", "--data-dir", sys.argv[1]], opener=morgan.opened)
    print("stopped" if morgan.stopped else "not stopped", "closed" if morgan.closed else "open")
    sys.exit(code)
    """
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_the_turn_and_exits_130(tmp_path: Path, number: int) -> None:
    environment = {**os.environ, "MORGAN_CONFIG_DIR": str(tmp_path)}
    command = [sys.executable, "-c", ASKING, str(tmp_path)]
    ours, terminal = os.openpty()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, env=environment)
    os.close(terminal)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        said = b""
        while b"It is " not in said:
            said += screen.read(1024)
        child.send_signal(number)
        with contextlib.suppress(OSError):  # Linux's word for the end of a terminal
            while more := screen.read(1024):
                said += more

    assert child.wait(30) == 130
    assert said.decode().splitlines() == ["It is ", "stopped closed"]


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "MORGAN_CONFIG_DIR": str(tmp_path)}
    program = textwrap.dedent(
        """
        import sys
        from morgan_tui.cli.main import main
        from morgan_core.types import Document
        from tests.cli_fakes import FakeMorgan

        morgan = FakeMorgan()
        morgan.library.documents = tuple(
            Document(id=str(n), path="/x" * 50, paths=(), state="ready") for n in range(5000)
        )
        sys.exit(main(["library", "--data-dir", sys.argv[1]], opener=morgan.opened))
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()

    assert child.returncode == 1
    assert "Traceback" not in said


def test_a_text_takes_the_rows_that_a_terminal_gives_it() -> None:
    assert rows("", 10) == 1
    assert rows("a" * 10, 10) == 1
    assert rows("a" * 11, 10) == 2
    assert rows("one\ntwo", 10) == 2
    assert rows("漢" * 6, 10) == 2
    assert rows("e\u0301" * 10, 10) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_streamed_is_replaced_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "5")
    screen = Terminal()
    console = Console(out=screen, err=io.StringIO())

    console.write("one two three")
    console.rewrite("one two three", "one [1]")

    assert screen.getvalue() == "one two three\x1b[1A\r\x1b[Jone [1]"


def test_what_scrolled_off_is_followed_by_the_new_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "2")
    screen = Terminal()
    Console(out=screen, err=io.StringIO()).rewrite("a\nb\nc", "new")
    assert screen.getvalue() == "\n\nnew"
