"""A follow-up question is searched for with what it leans on."""

from __future__ import annotations

import asyncio

import pytest

from morgan_core.chat.rewrite import Query, query_by_model, search_query, stands_alone
from morgan_core.errors import ModelError
from morgan_core.llm.base import ChatMessage
from tests.core_fakes import ScriptedModel

LEASE = "When does the lease of the house end?"


@pytest.mark.parametrize(
    "question",
    [
        "Who signed it?",
        "And the deposit?",
        "What about 2023?",
        "How much did they pay?",
        "When does that contract end?",
        "Is this allowed?",
        "Why?",
        "Und die Kaution?",
        "Et la caution ?",
        "Rent?",
        "Which one is cheaper to run?",
    ],
)
def test_a_question_that_leans_on_the_last_is_searched_for_with_it(question):
    assert not stands_alone(question)
    assert search_query(question, [LEASE]).rewritten == "rule"
    assert search_query(question, [LEASE]).text.split("\n")[0].startswith(LEASE[:18])


@pytest.mark.parametrize(
    "question",
    [
        "Is there a fee for late payment?",
        "Are there any pets in the house?",
        "Which fee do tenants that leave early pay?",
        "Does the contract say that pets are allowed?",
        "Who repairs the heating?",
        "Wann endet der Mietvertrag?",
        "租约什么时候结束？",
        "What happened in 2023?",
    ],
)
def test_a_question_that_stands_alone_is_searched_for_as_it_is(question):
    assert search_query(question, [LEASE]) == Query(text=question)


def test_the_first_question_has_nothing_to_lean_on():
    assert search_query("And who signed it?", []) == Query(text="And who signed it?")


def test_the_topic_is_kept_over_several_follow_ups():
    earlier = ["Where is the archive?", LEASE, "Who signed it?", "And the deposit?"]
    query = search_query("How much is it?", earlier)
    assert query.text == f"{LEASE}\nAnd the deposit?\nHow much is it?"


@pytest.mark.parametrize("question", ["What about 2023?", "And in 2023?", "2023?", "Und 2023?"])
def test_another_year_takes_the_place_of_the_one_before(question):
    query = search_query(question, ["What was the revenue in 2022?"])
    assert query == Query(text="What was the revenue in 2023?", rewritten="rule")


SAID = [ChatMessage(role="user", content=LEASE), ChatMessage(role="assistant", content="In 2027.")]


async def test_a_strong_model_rewrites_and_reads_only_the_request_anew():
    model = ScriptedModel('"Who signed the lease of the house?"\nI hope this helps.')

    query = await query_by_model(model, SAID, "And who signed it?")

    assert query == Query(text="Who signed the lease of the house?", rewritten="model")
    assert model.prompts[0][:-1] == SAID


@pytest.mark.parametrize(
    "written", ["", "When does the lease end?", "Anna signed the annex.", "word " * 100 + "?"]
)
async def test_what_is_not_the_question_is_not_searched_for(written):
    assert await query_by_model(ScriptedModel(written), SAID, "And who signed the annex?") is None


async def test_a_model_that_fails_or_takes_too_long_leaves_it_to_the_rules(monkeypatch):
    failing = ScriptedModel("Who signed?")
    failing.error = ModelError("It broke.")
    assert await query_by_model(failing, SAID, "And who signed it?") is None

    monkeypatch.setattr("morgan_core.chat.rewrite.MODEL_SECONDS", 0.01)
    slow = ScriptedModel("Who signed?")
    slow.gate = asyncio.Semaphore(0)
    assert await query_by_model(slow, SAID, "And who signed it?") is None
