"""The bar of citations: of what is supported, 97 in 100 stand in the cited passage.

``make bench`` measures the same on SQuAD's paragraphs; this is a small text with every attack.
"""

from __future__ import annotations

from tests.benchmarks.claim_attacks import ATTACKS
from tests.benchmarks.grounding import PRECISION_BAR, measure

PARAGRAPHS = [
    "In 1842, Karl Benz founded the mill near Bremen, and his brother Otto ran the bakery in Kiel. "
    "The mill was larger than the bakery, but the bakery sold 3,000 loaves a week by 1850. "
    "Karl was accused by Otto of selling the northern field to the city of Ulm in 1861. "
    "The court in Ulm could not find the contract, which had burned in March 1863.",
    "During the war, the Prussian army took 45 horses from the mill and 12 from the bakery. "
    "General Moltke was praised by the mayor of Bremen before the battle of Metz. "
    "The mayor, Johann Smidt, had opened the first harbour in 1827 with 900 workers. "
    "On May 4, the workers of the harbour refused to load the ships for France.",
    "The museum in Kiel was built between 1901 and 1907 for 2 million marks. "
    "The director, Anna Berg, bought paintings from Paris, and the city paid her 400 marks a year. "
    "By 1912, most of the paintings were sold to a dealer from Vienna. "
    "The old bakery is now a part of the museum, and the mill was never rebuilt.",
]


def test_what_is_supported_stands_in_the_source():
    figures = measure(PARAGRAPHS * 4)

    assert set(ATTACKS) <= set(figures["grounding.precision"]["supported"])
    assert figures["grounding.precision"]["value"] >= PRECISION_BAR
    assert figures["grounding.recall"]["value"] >= 0.95
