"""Which chat model the settings ask for."""

from __future__ import annotations

from morgan_core.llm.base import ChatModel
from morgan_core.paths import Paths
from morgan_core.settings import Settings


def make_chat_model(settings: Settings, paths: Paths) -> ChatModel:
    """The remote model when ``llm_base_url`` is set, else llama.cpp in this process.

    Nothing is loaded, imported or connected before it is used.
    """
    if settings.llm_base_url:
        from morgan_core.llm.remote import RemoteModel

        return RemoteModel(settings)
    from morgan_core.llm.llama import LlamaModel

    return LlamaModel(settings, paths)
