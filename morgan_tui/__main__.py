"""``morgan-tui``, ``morgan`` and ``python -m morgan_tui``."""

import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Asked for by scripts and shells in passing: nothing else is imported for it.
        from morgan_core import __version__

        print(f"morgan-tui {__version__}")
        return 0
    from morgan_tui.cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
