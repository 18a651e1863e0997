"""Chat templates: messages become the one string that a model reads.

The template comes from the GGUF file, so it is a program of a stranger: it runs in jinja2's
immutable sandbox, with bounds on its loops and on what it may write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from morgan_core.errors import ModelError
from morgan_core.llm.base import ChatMessage

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n'"
    " + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""Used when a model has no template of its own. Source: OpenAI's ChatML, as most GGUFs hold it."""

_MAX_SOURCE = 256 * 1024
_MAX_ITERATIONS = 100_000
_GROWTH = 4
_OVERHEAD = 256 * 1024


class ChatTemplate:
    """A compiled template. ``control_tokens`` are the texts that only the template may write."""

    def __init__(
        self,
        source: str | None,
        *,
        bos: str = "",
        eos: str = "",
        control_tokens: Sequence[str] = (),
    ) -> None:
        import jinja2

        source = source or CHATML
        if len(source) > _MAX_SOURCE:
            raise ModelError(
                f"The model's chat template is {len(source)} characters long, "
                f"more than the {_MAX_SOURCE} allowed.",
                mend="Choose another model.",
            )
        try:
            self._template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise ModelError(
                f"The model's chat template is not valid: {error}.", mend="Choose another model."
            ) from error
        self._bos, self._eos = bos, eos
        longest_first = sorted(filter(None, control_tokens), key=len, reverse=True)
        self._control = (
            re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        )

    def render(self, messages: Sequence[ChatMessage], prefix: str = "") -> str:
        """The prompt up to where the assistant's next message goes on after ``prefix``.

        Raises ModelError when the template refuses the messages or exceeds its bounds.
        """
        import jinja2

        plain = [{"role": m.role, "content": self._defused(m.content)} for m in messages]
        try:
            text = self._render(plain)
        except jinja2.TemplateError as error:
            merged = _system_into_user(plain)
            if merged == plain:
                raise _refused(error) from error
            try:
                text = self._render(merged)
            except jinja2.TemplateError as second:
                raise _refused(second) from second
        return text + self._defused(prefix)

    def _render(self, messages: list[dict[str, str]]) -> str:
        allowed = _GROWTH * sum(len(m["content"]) for m in messages) + _OVERHEAD
        budget = _LoopBudget(_MAX_ITERATIONS)
        written: list[str] = []
        size = 0
        try:
            for piece in self._template.generate(
                messages=messages,
                add_generation_prompt=True,
                bos_token=self._bos,
                eos_token=self._eos,
                tools=None,
                raise_exception=_raise,
                strftime_now=_strftime_now,
                range=budget.range,
                enable_thinking=False,
            ):
                written.append(piece)
                size += len(piece)
                if size > allowed:
                    raise ModelError(
                        f"The model's chat template wrote more than {allowed} characters.",
                        mend="Choose another model.",
                    )
        except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise _refused(error) from error
        return "".join(written)

    def _defused(self, content: str) -> str:
        """A document that spells a control token must not end a message: ``<|im_end|>``
        becomes ``< |im_end|>``, which the model reads as plain text."""
        if self._control is None:
            return content
        return self._control.sub(lambda m: f"{m.group()[0]} {m.group()[1:]}", content)


class _LoopBudget:
    """``range`` for templates: all calls of one rendering together yield so many numbers."""

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    def range(self, *args: int) -> range:
        numbers = range(*args)
        self._left -= len(numbers)
        if self._left < 0:
            raise ValueError(f"loops over more than {_MAX_ITERATIONS} numbers")
        return numbers


def _environment() -> Any:
    import jinja2
    from jinja2.ext import loopcontrols
    from jinja2.nodes import Node
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class GenerationBlocks(jinja2.ext.Extension):
        """Hugging Face marks the assistant's text with ``{% generation %}``; it prints nothing."""

        tags = {"generation"}

        def parse(self, parser: Parser) -> list[Node]:
            parser.stream.skip(1)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationBlocks, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    return environment


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


def _refused(error: Exception) -> ModelError:
    return ModelError(
        f"The model's chat template refused the messages: {error}.",
        mend="Choose another model, or one with a plain chat template.",
    )


def _system_into_user(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Some templates (Gemma's) know no system message: it then opens the first question."""
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return messages
    joined = f"{messages[0]['content']}\n\n{messages[1]['content']}"
    return [{"role": "user", "content": joined}, *messages[2:]]
