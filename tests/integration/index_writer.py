"""A child process that writes to an index and says what has been acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from .index_parts import chunk, make, vectors


async def write(directory: Path, first: int) -> None:
    index = make("edge", directory)
    await index.open()
    for n in range(first, first + 10_000):
        document = f"d{n}"
        chunks = [chunk(f"document {n} part {k}", document, ordinal=k) for k in range(5)]
        await index.upsert_words(chunks)
        await index.upsert_vectors(
            [c.id for c in chunks], vectors(*[[1, k, 0, 0] for k in range(5)])
        )
        if n % 7 == 0:
            await index.delete_document(document)
        if n % 5 == 0:
            await index.set_paths(document, [f"/moved/{n}"], ["/moved"])
        sys.stdout.write(f"{n}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
