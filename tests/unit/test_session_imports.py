"""Attaching must be quick: what it imports is small."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"aiohttp", "alembic", "pydantic", "qdrant_edge", "sqlalchemy", "textual", "torch"}


def test_attaching_imports_nothing_heavy():
    script = "import sys, morgan_core.session; print('\\n'.join(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert not HEAVY & set(done.stdout.decode().split())


def test_the_headless_node_imports_aiohttp_only_when_it_listens():
    script = "import sys, morgan_core.server.headless; print('\\n'.join(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert not (HEAVY - {"pydantic"}) & set(done.stdout.decode().split())
