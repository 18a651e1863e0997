"""What the embedder child does next: queries first, passes of about 150 ms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.embedding.batches import FIRST_BATCH, LARGEST_BATCH, Pace, Queue, Request


async def test_a_query_goes_before_passages_that_came_earlier() -> None:
    queue = Queue()
    passages, query = Request(["a"] * 10, "passage"), Request(["q"], "query")
    queue.add(passages)
    assert queue.first() is passages
    passages.take(4)
    queue.add(query)
    assert queue.first() is query
    query.take(1)
    assert queue.first() is passages


async def test_requests_of_a_kind_keep_their_order_and_given_up_ones_are_skipped() -> None:
    queue = Queue()
    first, second, third = (Request([name], "passage") for name in "abc")
    for request in (first, second, third):
        queue.add(request)
    first.done.cancel()
    assert queue.first() is second
    second.take(1)
    assert queue.first() is third
    third.take(1)
    assert queue.first() is None


@pytest.mark.parametrize("count", [1, 3, 100])
async def test_texts_of_like_length_go_together_and_none_is_left_out(count: int) -> None:
    request = Request(["x" * n for n in (5, 900, 20, 400, 7)], "passage")
    taken: list[int] = []
    while not request.taken:
        assert request.next_length() == max(
            len(t) for i, t in enumerate(request.texts) if i not in taken
        )
        taken += request.take(count)
    assert [len(request.texts[i]) for i in taken] == [900, 400, 20, 7, 5]


def test_batches_start_small_and_settle_at_the_target_time() -> None:
    pace = Pace(256)
    assert pace.batch_size(900) == FIRST_BATCH
    seconds_per_text = 0.01
    for _ in range(20):
        size = pace.batch_size(900)
        pace.record(size, 900, size * seconds_per_text)
    assert pace.batch_size(900) == 15
    assert pace.batch_size(450) == 30


def test_one_slow_pass_does_not_shrink_the_batches_much() -> None:
    pace = Pace(256)
    pace.record(10, 500, 0.1)
    before = pace.batch_size(500)
    pace.record(10, 500, 2.0)
    assert pace.batch_size(500) >= before * 0.85


def test_the_settings_limit_a_batch_but_do_not_enlarge_it() -> None:
    slow = Pace(256, limit=200)
    slow.record(4, 900, 0.4)
    assert slow.batch_size(900) == 1
    assert Pace(256, limit=2).batch_size(10) == 2
    assert Pace(256, fixed=128, limit=200).batch_size(900) == 128
    assert Pace(256, fixed=128, limit=16).batch_size(900) == 16


@given(
    st.lists(st.tuples(st.integers(1, 64), st.integers(0, 10**5), st.floats(0, 100)), max_size=30),
    st.integers(0, 10**5),
)
def test_a_batch_is_never_empty_nor_too_large(
    passes: list[tuple[int, int, float]], length: int
) -> None:
    pace = Pace(256)
    for size, long, seconds in passes:
        pace.record(size, long, seconds)
    assert 1 <= pace.batch_size(length) <= LARGEST_BATCH
