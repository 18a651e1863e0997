"""Draw the README's picture from the real app, its models and the sample library.

Run ``.venv/bin/python packaging/scripts/screenshot.py``; it writes ``assets/screenshot.svg``.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

QUESTION = "When does the lease of the headland end?"
SIZE = (144, 36)


async def main(directory: Path) -> None:
    from morgan_core.paths import find_paths
    from morgan_tui.app import MorganApp, open_session
    from morgan_tui.sample import sample_folder

    paths = find_paths(directory)
    app = MorganApp(lambda: open_session(paths), paths.data)
    try:
        async with app.run_test(size=SIZE) as pilot:
            morgan = await app.link.morgan()
            await morgan.watches.add(str(sample_folder()))
            while (await morgan.library.counts()).ready < 6 or not _model_is_ready(app):
                await pilot.pause(0.5)
            await pilot.press(*QUESTION, "enter")
            turns = app._chat_screen.chat.turns
            while not (turns and turns[-1].ended):
                await pilot.pause(0.5)
            await pilot.pause(1.0)
            app.save_screenshot("screenshot.svg", path="assets")
    finally:
        await app.link.close()


def _model_is_ready(app: object) -> bool:
    return any(model.state == "active" for model in app.library.models.values())  # type: ignore[attr-defined]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MORGAN_CONFIG_DIR"] = str(Path(folder) / "config")
        asyncio.run(main(Path(folder) / "data"))
