"""The prompt: what fits is counted, what does not is cut at sentence ends and told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.chat.prompt import Conversation, make_prompt, system_prompt
from morgan_core.chat.trimming import beginning, best_run
from morgan_core.types import Source
from tests.core_fakes import ScriptedModel
from tests.passages import source_of

SENTENCES = "Dogs bark at night. The rent is 900 euros a month. Cats sleep all day long."


def source(n: int, text: str, start: int = 100) -> Source:
    return source_of(n, text, start=start)


def words(count: int) -> str:
    return " ".join(["word"] * (count - 1)) + " end."


async def prompt(model: ScriptedModel, *sources: Source, context: str = "", question="The rent?"):
    said = Conversation(messages=(system_prompt(model.info),))
    return await make_prompt(
        model,
        said,
        question,
        sources,
        query=question,
        context=context,
        max_response_tokens=20,
        first_token_seconds=4.0,
    )


def model_with(window: int, **fields) -> ScriptedModel:
    model = ScriptedModel("")
    model.context_tokens = window
    for name, value in fields.items():
        setattr(model, name, value)
    return model


async def test_every_token_is_accounted_for():
    model = model_with(400)

    made = await prompt(model, source(1, words(30)), source(2, words(40)))

    use = made.use
    assert use.tokens == len(made.text.split()) + len(system_prompt(model.info).content.split())
    assert [s.tokens for s in use.sources] == [33, 42]  # the texts, their headings, "Sources:"
    assert (use.window, use.reserved, use.budget) == (400, 20, 400 - 20 - use.tokens + 75)
    assert all(s.limit == "" for s in use.sources)


async def test_the_source_that_does_not_fit_is_cut_to_the_sentences_that_answer():
    text = " ".join([words(20), SENTENCES, words(20)])
    model = model_with(150)

    made = await prompt(model, source(1, words(28)), source(2, text), source(3, words(5)))

    whole, cut, left_out = made.use.sources
    assert (whole.limit, cut.limit, left_out.limit) == ("", "window", "window")
    assert left_out.tokens == 0 and made.use.tokens <= 150 - 20
    sent = text[cut.start - 100 : cut.end - 100]
    assert "The rent is 900 euros a month." in sent and sent in made.text
    assert sent != text and sent.endswith(".") and sent[:4] in ("word", "Dogs", "The ")


async def test_a_slow_machine_reads_less_but_never_nothing():
    slow = model_with(4000, prefill_rate=10.0)

    made = await prompt(slow, source(1, words(100)), source(2, words(100)))

    assert [(s.tokens > 0, s.limit) for s in made.use.sources] == [
        (True, ""),
        (False, "first_token"),
    ]
    assert made.use.budget == 256


async def test_a_small_model_gets_few_sources():
    made = await prompt(model_with(4000, size=100_000_000), *(source(n, "A.") for n in range(1, 6)))
    assert [s.limit for s in made.use.sources] == ["", "", "", "small_model", "small_model"]


async def test_what_was_given_with_the_question_goes_before_the_sources_and_is_never_cut_silently():
    given_text = " ".join(words(10) for _ in range(40))
    made = await prompt(model_with(200), source(1, words(30)), context=given_text)
    assert 0 < made.use.context_sent < made.use.context_total == len(given_text)
    assert given_text[: made.use.context_sent].endswith("end.")
    assert made.use.sources[0].limit == "window" and made.use.tokens <= 180


@given(
    st.lists(st.sampled_from(["A b.", "The rent is 9.", "c d e f?", "\n\n", "|x|\n"]), max_size=12),
    st.integers(0, 80),
)
def test_a_cut_text_is_a_run_of_whole_sentences(parts, most):
    text = " ".join(parts)
    run = best_run(text, "What is the rent?", most)
    if run is not None:
        start, end = run
        assert end - start <= most
        assert text[start:end] == text[start:end].strip() != ""
        assert text[end:][:1].strip() == "" or text[end] in "|\n"


async def test_the_longest_beginning_that_fits_is_kept():
    async def length(text: str) -> int:
        return len(text)

    assert await beginning(SENTENCES, 1000, length) == SENTENCES
    assert await beginning(SENTENCES, 60, length) == SENTENCES[:50]
    assert await beginning(SENTENCES, 5, length) == ""
