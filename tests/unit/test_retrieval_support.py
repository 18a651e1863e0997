"""A claim is supported by the words of one span, in their order, and by nothing less."""

from __future__ import annotations

import pytest

from morgan_core.retrieval.grounding import ground
from morgan_core.types import Source
from tests.passages import source_of

TEXT = (
    "The lease of Hale House was signed by Anna Berg on 3 March 2024. She pays a rent of 1,250 "
    "euros and left a deposit of 2,500 euros. Pets are not allowed in the garden. "
    "In 1912 the Hale brothers sued the city of Bremen, and the Kern family bought the mill in "
    "1931. About 45% of the roof was renewed. Twelve tenants may use the workshop before noon. "
    "The landlord wrote: “No smoking – in any room.” Most flats face north."
)


def source(text: str, n: int = 1, heading: str = "", path: str = "/notes.txt") -> Source:
    return source_of(n, text, path, heading=heading)


def status(claim: str, *texts: str, question: str = "", heading: str = "") -> str:
    sources = [source(text, n, heading) for n, text in enumerate(texts or (TEXT,), 1)]
    [sentence] = ground(claim, sources, question=question).sentences
    return sentence.status


@pytest.mark.parametrize("joint", ["and finished", "and then opened", ", built"])
def test_a_second_verb_keeps_its_own_date(joint: str) -> None:
    text = f"The bridge was led by Anna Keller {joint} in June 2025."

    assert status("The bridge was led by Anna Keller.", text) == "supported"
    assert status("The bridge was led by Anna Keller in June 2025.", text) == "partly"


def test_two_verbs_side_by_side_share_their_date() -> None:
    text = "The bridge was designed and built in 1912."

    assert status("The bridge was designed in 1912.", text) == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "The lease of Hale House was signed by Anna Berg on March 3rd, 2024.",
        "Anna Berg signed the lease of Hale House on 2024-03-03.",
        "Anna Berg signed the lease of Hale House in March 2024.",
        "On 3 March 2024, the lease of Hale House was signed by Anna Berg.",
        "She pays a rent of €1250.",
        "She left a deposit of 2 500 euros.".replace("2 5", "2\u202f5"),
        "Pets aren't allowed in the garden.",
        "The Hale brothers sued the city of Bremen in 1912.",
        "The Kern family bought the mill in 1931.",
        "About 45 percent of the roof was renewed.",
        "12 tenants may use the workshop before noon.",
        'The landlord wrote: "No smoking - in any room".',
        "The Hale brothers sued Bremen, and the Kern family bought the mill.",
        "Most flats face north.",
    ],
)
def test_what_a_source_says_is_supported_in_other_order_form_and_typography(claim):
    assert status(claim) == "supported"


@pytest.mark.parametrize(
    ("attack", "claim"),
    [
        ("number", "She pays a rent of 1,350 euros."),
        ("unit", "She pays a rent of 1,250 dollars."),
        ("numbers swapped", "She pays a rent of 2,500 euros and left a deposit of 1,250 euros."),
        ("day", "The lease was signed by Anna Berg on 4 March 2024."),
        ("month", "The lease was signed by Anna Berg in May 2024."),
        ("negation added", "The lease of Hale House was not signed by Anna Berg."),
        ("negation dropped", "Pets are allowed in the garden."),
        ("roles", "The city of Bremen sued the Hale brothers."),
        ("roles in the passive", "The Hale brothers were sued by the city of Bremen."),
        ("another subject", "The Hale brothers bought the mill in 1931."),
        ("another date", "The Kern family bought the mill in 1912."),
        ("name", "The lease of Hale House was signed by Carla Berg."),
        ("noun", "Pets are not allowed in the kitchen."),
        ("quantity", "All flats face north."),
        ("opposite", "Twelve tenants may use the workshop after noon."),
        ("direction", "Most flats face south."),
        ("certainty", "Twelve tenants use the workshop before noon."),
        ("count", "Twelve brothers sued the city of Bremen."),
        ("two facts merged", "Pets are not allowed in the workshop before noon."),
        ("quote", "The landlord wrote: “No smoking in the rooms.”"),
    ],
)
def test_what_it_does_not_say_is_never_supported(attack, claim):
    assert status(claim) != "supported"


def test_a_number_counts_what_stands_beside_it():
    text = "The three Khitan and the four Han generals led the army."
    assert status("The four Han generals led the army.", text) == "supported"
    assert status("The three Han generals led the army.", text) != "supported"


def test_of_two_that_may_neither_is_sure():
    text = "The tenant or the landlord pays the water. The porter can open the gate."
    assert status("The tenant pays the water.", text) != "supported"
    assert status("The porter opens the gate.", text) != "supported"
    assert status("The tenant or the landlord pays the water.", text) == "supported"


def test_a_swap_between_two_sources_is_not_supported():
    first, second = "Anna was born in Kiel in 1950.", "Carl was born in Ulm in 1962."
    assert status("Anna was born in Kiel in 1950.", first, second) == "supported"
    assert status("Anna was born in Ulm in 1962.", first, second) != "supported"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("The mill stands by the river.", "supported"),
        ("The mill was built in 1888.", "supported"),
        ("The river was built in 1888.", "partly"),
    ],
)
def test_a_pronoun_of_the_source_means_the_subject_before_it(claim, expected):
    assert status(claim, "The mill stands by the river. It was built in 1888.") == expected


def test_a_pronoun_of_the_answer_means_the_subject_of_the_sentence_before_it():
    texts = "Anna moved to Kiel. Carl was born in 1962."
    answer = "Carl was born in 1962. He moved to Kiel."
    statuses = [s.status for s in ground(answer, [source(texts)]).sentences]
    assert statuses[0] == "supported" and statuses[1] != "supported"


def test_the_heading_says_what_a_passage_is_about():
    text = "The rent is 1,250 euros."
    claim = "The rent of Hale House is 1,250 euros."
    assert status(claim, text, heading="Hale House") == "supported"
    assert status(claim, text) != "supported"


def test_a_bare_name_is_no_claim_that_a_source_could_support():
    assert status("Anna Berg.", question="Who bought the mill?") == "partly"


def test_a_sentence_in_the_present_is_more_than_a_bare_name():
    text = "The library closes at noon."
    assert status(text, text, question="When does the library close?") == "supported"


def test_a_later_sentence_stands_by_itself_whatever_was_asked():
    text = "The landlord pays for all repairs above 100 euros. Tenants report damage soon."
    found = ground(text, [source(text)], question="What is the rent?").sentences
    assert [sentence.status for sentence in found] == ["supported", "supported"]


def test_negation_counts_in_other_languages():
    text = "Haustiere sind im Garten nicht erlaubt."
    assert status("Haustiere sind im Garten nicht erlaubt.", text) == "supported"
    assert status("Haustiere sind im Garten erlaubt.", text) != "supported"


def test_chinese_is_compared_by_its_characters():
    text = "租金是每月1250欧元。花园里不允许养宠物。"
    assert status("租金是每月1250欧元。", text) == "supported"
    assert status("花园里允许养宠物。", text) != "supported"


@pytest.mark.parametrize(
    "answer",
    [
        "Sure, here is the answer:",
        "Would you like to know more?",
        "The sources do not say.",
        "The name of the cat is not mentioned in the given sources.",
        "## Summary",
        "Most flats face where.",
        "I hope this helps!",
    ],
)
def test_what_claims_nothing_gets_no_verdict_and_grounds_nothing(answer):
    result = ground(answer, [source(TEXT)])
    assert result.sentences == () and result.text == answer and not result.grounded


def test_courtesies_do_not_hinder_a_grounded_answer():
    result = ground("Sure, here is the answer:\n\nMost flats face north.", [source(TEXT)])
    assert result.grounded and result.text.endswith("north [1].")


def test_one_citation_of_a_source_quotes_all_that_it_supports():
    answer = "Most flats face north. Pets are not allowed in the garden."
    [citation] = ground(answer, [source(TEXT)]).citations
    assert citation.quote.startswith("Pets are not") and citation.quote.endswith("face north.")
    assert TEXT[citation.start : citation.end] == citation.quote
