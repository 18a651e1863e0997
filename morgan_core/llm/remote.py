"""A chat model on an OpenAI-compatible host (``/v1/chat/completions``, streaming)."""

from __future__ import annotations

import asyncio
import codecs
import json
import math
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from morgan_core.errors import ModelError, RemoteError
from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.settings import Settings
from morgan_core.types import ModelInfo

if TYPE_CHECKING:
    import aiohttp

CHARACTERS_PER_TOKEN = 3.0
"""Cautious: English prose has 4 to 4.5 characters a token, code and other languages fewer."""

_TOKENS_PER_MESSAGE = 8
_CONNECT_SECONDS = 10.0
_MAX_LINE = 4 * 1024 * 1024
_MAX_REASON = 300

_MENDS = {
    400: "Look at what the host says; the context may be too long for the model.",
    401: "Check MORGAN_LLM_API_KEY.",
    403: "Check what MORGAN_LLM_API_KEY may use.",
    404: "Check MORGAN_LLM_BASE_URL (it ends in /v1) and MORGAN_LLM_MODEL.",
    413: "Ask with fewer sources.",
    429: "Wait a little and ask again; the host limits requests.",
}


class RemoteModel:
    """Talks to the host named in ``llm_base_url``. Tokens are estimated, except in the usage
    that the host reports. The host queues by itself, so positions are not known: 0 is told."""

    def __init__(self, settings: Settings) -> None:
        base = settings.llm_base_url.rstrip("/")
        self._url = base if base.endswith("/chat/completions") else f"{base}/chat/completions"
        self.host = urlsplit(base).netloc.rpartition("@")[2] or base
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._info = ModelInfo(
            name=settings.llm_model,
            role="chat",
            state="active",
            context=settings.max_context,
            source=self.host,
        )

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def context_tokens(self) -> int:
        return self._settings.max_context

    @property
    def prefill_rate(self) -> float | None:
        return None

    async def load(self, on_progress: Callable[[float], None] | None = None) -> None:
        """Nothing to load here; the host is first reached by a question."""
        if on_progress is not None:
            on_progress(1.0)

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """An estimate on the high side: a third of the characters, and 8 for each message."""
        return estimate_tokens(messages)

    async def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        prefix: str = "",
        on_position: Callable[[int], None] | None = None,
    ) -> AsyncIterator[Delta | Finished]:
        """Stream the answer. Closing the iterator closes the connection.

        A ``prefix`` is sent as the last assistant message, which most hosts continue. Raises
        RemoteError with the host's name when it refuses, breaks off, or says nothing for
        ``llm_timeout`` seconds; ModelError when the prompt cannot fit.
        """
        estimated = estimate_tokens(messages)
        if estimated > self.context_tokens:
            raise ModelError(
                f"The prompt has about {estimated} tokens and the context window "
                f"{self.context_tokens}.",
                mend="Ask with fewer sources, start a new conversation, or raise max_context.",
                prompt_tokens=estimated,
                context_tokens=self.context_tokens,
            )
        if on_position is not None:
            on_position(0)
        body = self._body(messages, max_tokens, temperature, prefix)
        answer = _Answer(self.host, estimated)
        try:
            async with self._connect().post(self._url, json=body) as response:
                if response.status != 200:
                    raise await self._refusal(response)
                async for event in _events(response.content.iter_any(), self.host):
                    if delta := answer.take(event):
                        yield delta
                    if answer.complete:
                        break
        except (TimeoutError, OSError) as error:
            raise self._broken(error) from error
        except Exception as error:
            import aiohttp

            if isinstance(error, aiohttp.ClientError):
                raise self._broken(error) from error
            raise
        yield answer.finished()

    async def close(self) -> None:
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _connect(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise ModelError("The chat model was closed.", mend="Start Morgan again.")
        if self._session is None:
            key = self._settings.llm_api_key
            headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
            self._session = aiohttp.ClientSession(
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=_CONNECT_SECONDS,
                    sock_read=self._settings.llm_timeout,
                ),
            )
        return self._session

    def _body(
        self, messages: Sequence[ChatMessage], max_tokens: int, temperature: float, prefix: str
    ) -> dict[str, Any]:
        sent = [{"role": m.role, "content": m.content} for m in messages]
        if prefix:
            sent.append({"role": "assistant", "content": prefix})
        return {
            "model": self._settings.llm_model,
            "messages": sent,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def _refusal(self, response: aiohttp.ClientResponse) -> RemoteError:
        status = response.status
        text = (await response.content.read(64 * 1024)).decode("utf-8", "replace")
        mend = _MENDS.get(status, "The host has a fault; try again later, or ask its keeper.")
        if wait := response.headers.get("Retry-After"):
            mend = f"Wait {wait} s and ask again; the host limits requests."
        reason = self._without_key(_reason(text))
        said = f": {reason}" if reason else "."
        return RemoteError(
            f"The model host {self.host} answered {status}{said}", mend=mend, http_status=status
        )

    def _broken(self, error: BaseException) -> RemoteError:
        import aiohttp

        if isinstance(error, aiohttp.ServerTimeoutError | asyncio.TimeoutError):
            return RemoteError(
                f"The model host {self.host} said nothing for {self._settings.llm_timeout:g} s.",
                mend="Try again, or raise MORGAN_LLM_TIMEOUT.",
            )
        if isinstance(error, aiohttp.ClientConnectorError):
            return RemoteError(
                f"The model host {self.host} cannot be reached: "
                f"{error.os_error.strerror or error.os_error}.",
                mend="Check MORGAN_LLM_BASE_URL and that the host is running.",
            )
        return RemoteError(
            f"The connection to the model host {self.host} broke: "
            f"{self._without_key(str(error) or type(error).__name__)}.",
            mend="Ask again.",
        )

    def _without_key(self, text: str) -> str:
        key = self._settings.llm_api_key
        secret = key.get_secret_value() if key else ""
        return text.replace(secret, "…") if secret else text


def estimate_tokens(messages: Sequence[ChatMessage]) -> int:
    """Tokens of ``messages``, guessed from their length, rather too many than too few."""
    characters = sum(len(m.content) for m in messages)
    return math.ceil(characters / CHARACTERS_PER_TOKEN) + _TOKENS_PER_MESSAGE * len(messages)


class _Answer:
    """Puts the events of one stream together."""

    def __init__(self, host: str, estimated_prompt: int) -> None:
        self._host = host
        self._prompt_tokens = estimated_prompt
        self._cached_tokens = 0
        self._completion_tokens: int | None = None
        self._characters = 0
        self._reason: str | None = None
        self.complete = False

    def take(self, event: str) -> Delta | None:
        """The text of one event, if it has any; raises RemoteError for an error event."""
        if event == "[DONE]":
            self.complete = True
            return None
        try:
            data = json.loads(event)
        except ValueError as error:
            raise RemoteError(
                f"The model host {self._host} sent something that is not JSON.",
                mend="Check that MORGAN_LLM_BASE_URL is an OpenAI-compatible endpoint.",
            ) from error
        if not isinstance(data, dict):
            return None
        if data.get("error"):
            raise RemoteError(
                f"The model host {self._host} failed while it answered: {_reason(event)}",
                mend="Ask again.",
            )
        self._take_usage(data.get("usage"))
        choice = next(iter(data.get("choices") or ()), None) or {}
        self._reason = choice.get("finish_reason") or self._reason
        text = (choice.get("delta") or {}).get("content") or ""
        self._characters += len(text)
        return Delta(text=text) if text else None

    def finished(self) -> Finished:
        """The end; raises RemoteError when the stream broke off before it."""
        if not self.complete and self._reason is None:
            raise RemoteError(
                f"The model host {self._host} broke off in the middle of the answer.",
                mend="Ask again.",
            )
        estimated = math.ceil(self._characters / CHARACTERS_PER_TOKEN)
        reason: Literal["end", "length"] = "length" if self._reason == "length" else "end"
        return Finished(
            reason=reason,
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached_tokens,
            completion_tokens=(
                estimated if self._completion_tokens is None else self._completion_tokens
            ),
        )

    def _take_usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        self._prompt_tokens = _count(usage.get("prompt_tokens"), self._prompt_tokens)
        self._completion_tokens = _count(usage.get("completion_tokens"), 0)
        details = usage.get("prompt_tokens_details")
        if isinstance(details, dict):
            self._cached_tokens = _count(details.get("cached_tokens"), 0)


async def _events(chunks: AsyncIterator[bytes], host: str) -> AsyncIterator[str]:
    """The ``data:`` fields of server-sent events, wherever the bytes are cut.

    Lines end in LF or CRLF; an event is one or more data lines up to an empty line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    data: list[str] = []
    async for chunk in chunks:
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        if len(rest) > _MAX_LINE:
            raise RemoteError(f"The model host {host} sent an endless line.", mend="Ask again.")
        for line in lines:
            line = line.removesuffix("\r")
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield "\n".join(data)
                data = []
    if rest.startswith("data:"):
        data.append(rest[5:].strip())
    if data:
        yield "\n".join(data)


def _reason(text: str) -> str:
    """What an error body says, in one short line."""
    try:
        data = json.loads(text)
    except ValueError:
        data = text
    while isinstance(data, dict):
        data = data.get("error") or data.get("message") or data.get("detail") or ""
    line = " ".join(str(data).split())
    return line[:_MAX_REASON]


def _count(value: Any, default: int) -> int:
    return value if isinstance(value, int) and value >= 0 else default
