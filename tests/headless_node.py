"""``python -m tests.headless_node ROOT PACE GRACE HOST``: --headless over a JournalledMorgan."""

from __future__ import annotations

import sys
from pathlib import Path

from morgan_core.server.headless import run
from morgan_core.settings import load_settings
from tests.journalled_core import JournalledMorgan, make_paths

paths = make_paths(Path(sys.argv[1]))
pace, grace, host = float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
loaded = load_settings(paths, flags={"host": host, "port": 0}, headless=True, environ={})
sys.exit(
    run(paths, loaded, make_local=lambda *given: JournalledMorgan(*given, pace=pace), grace=grace)
)
