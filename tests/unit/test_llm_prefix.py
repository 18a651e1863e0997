"""The prompt prefix that is not read again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.llm.prefix import CachedSequence, common_prefix


def letters(text: str, first: bool = True) -> list[int]:
    """A tokeniser with one token for each letter, and one for "ab"."""
    tokens, i = [], 0
    while i < len(text):
        pair = text[i : i + 2] == "ab"
        tokens.append(1000 if pair else ord(text[i]))
        i += 2 if pair else 1
    return tokens


def remember(cache: CachedSequence, text: str, tokens: list[int]) -> None:
    cache.read(tokens[len(cache.tokens) :])
    cache.checkpoint(text, len(tokens))


def test_an_empty_cache_spares_nothing() -> None:
    tokens, cached = CachedSequence().plan("hello", letters)

    assert tokens == letters("hello")
    assert cached == 0


def test_the_second_turn_keeps_the_first_turns_tokens() -> None:
    cache = CachedSequence()
    remember(cache, "question", letters("question"))

    tokens, cached = cache.plan("question answered", letters)

    assert cached == len("question")
    assert tokens == letters("question answered")


def test_generated_text_keeps_its_tokens_although_it_would_be_tokenised_otherwise() -> None:
    cache = CachedSequence()
    remember(cache, "q:", letters("q:"))
    generated = [*letters("q:"), ord("a"), ord("b")]
    remember(cache, "q:ab", generated)

    tokens, cached = cache.plan("q:ab next", letters)

    assert tokens == [*generated, *letters(" next")]
    assert cached == len(generated)


def test_an_edited_prompt_is_read_again_from_where_it_differs() -> None:
    cache = CachedSequence()
    remember(cache, "system one", letters("system one"))

    tokens, cached = cache.plan("system two", letters)

    assert tokens == letters("system two")
    assert cached == len("system ")


def test_the_same_prompt_leaves_its_last_token_to_read() -> None:
    cache = CachedSequence()
    remember(cache, "same", letters("same"))

    assert cache.plan("same", letters) == (letters("same"), 3)


def test_another_answer_to_the_same_prompt_reads_only_the_last_token() -> None:
    cache = CachedSequence()
    remember(cache, "prompt", letters("prompt"))
    remember(cache, "prompt+answer", letters("prompt+answer"))

    assert cache.plan("prompt", letters)[1] == len("prompt") - 1


def test_what_was_forgotten_is_not_spared() -> None:
    cache = CachedSequence()
    remember(cache, "abc", letters("abc"))
    cache.keep(1)

    assert cache.tokens == letters("ab")
    assert cache.plan("abc", letters) == (letters("abc"), 1)


@given(st.lists(st.text("abc ", max_size=12), min_size=1, max_size=8))
def test_the_planned_tokens_always_spell_the_prompt(prompts: list[str]) -> None:
    cache = CachedSequence()
    for prompt in prompts:
        tokens, cached = cache.plan(prompt, letters)

        spelled = "".join("ab" if t == 1000 else chr(t) for t in tokens)
        assert spelled == prompt
        assert tokens[:cached] == cache.tokens[:cached]
        assert cached < len(tokens) or not tokens
        cache.keep(cached)
        remember(cache, prompt, tokens)


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_a_common_prefix_is_common_and_longest(a: list[int], b: list[int]) -> None:
    n = common_prefix(a, b)

    assert a[:n] == b[:n]
    assert n == min(len(a), len(b)) or a[n] != b[n]
