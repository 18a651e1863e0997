"""Documents in several languages, taken in together and found by the words people type."""

from __future__ import annotations

from pathlib import Path

from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import room_in

DOCUMENTS = {
    "mietvertrag.md": "# Mietvertrag\n\nDie Wohnung in der Rosengasse wird auf unbestimmte Zeit "
    "vermietet. Die Kündigungsfrist beträgt drei Monate zum Ende eines Monats. Der Mieter zahlt "
    "die Nebenkosten für die Häuser der Anlage.",
    "hetong.txt": "租赁合同于三月三十一日到期。承租人应当提前三个月书面通知出租人。"
    "押金在房屋交还之后退还给承租人。",
    "aqd.txt": "ينتهي عقد الإيجار في الحادي والثلاثين من مارس. يدفع المستأجر التأمين والكهرباء قبل "
    "تسليم المفتاح، وللمالك أن يزور الشقة بعد إشعار مكتوب.",
    "lease.txt": "The lease of the flat ends in March. Céline pays the deposit to the landlord "
    "before she gets the keys.",
}

ASKED = {
    "Kündigungsfristen im Mietvertrag": "mietvertrag.md",
    "Haus der Anlage": "mietvertrag.md",
    "合同什么时候到期": "hetong.txt",
    "押金": "hetong.txt",
    "متى ينتهي العقد": "aqd.txt",
    "المفتاح": "aqd.txt",
    "كهرباء": "aqd.txt",
    "who is Celine": "lease.txt",
}


async def test_each_question_finds_the_document_of_its_language(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in DOCUMENTS.items():
        (docs / name).write_text(text, encoding="utf-8")
    async with room_in(tmp_path) as room:
        job = await room.jobs.learn("job", [str(docs)], watch=False)
        await eventually(lambda: room.jobs.get(job.id).state == "done")

        found = {}
        for question in ASKED:
            hits = (await ask(room, question, None, limit=5)).bm25
            found[question] = Path(hits[0].chunk.paths[0]).name if hits else ""

    assert found == ASKED
