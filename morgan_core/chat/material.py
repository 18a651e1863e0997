"""What comes from outside is put before the model as material, apart from the prompt."""

from __future__ import annotations

import re

# A line with which the prompt itself, or a speaker in it, could begin.
_frame = re.compile(
    r"^(?=[ \t>#*]*(?:\[\d+\]|\[?(?:sources?|question|given with the question|system|user|assistant|"
    r"human|ai)(?:\s+(?:message|prompt))?\s*[\]:]))",
    re.IGNORECASE | re.MULTILINE,
)
# Of ChatML, Llama 2 and 3, Gemma, Phi, DeepSeek. A server tokenises what it is sent; only the
# model in this process has its own marks taken out by ``llm.template``.
_template_mark = re.compile(
    r"<\|[^\s|<>]{1,40}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?s>|<[｜|][^<>]{1,40}[｜|]>",
    re.IGNORECASE,
)


def as_data(text: str) -> str:
    """Text from outside, unable to pass for a part of the prompt.

    A line that looks like the prompt's own (the head of a source, the question, a speaker)
    begins with ``| ``; marks of chat templates get a space, so that no server reads them as such.
    """
    return _frame.sub("| ", _template_mark.sub(lambda m: f"{m.group()[0]} {m.group()[1:]}", text))
