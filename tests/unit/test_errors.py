"""What is wrong and the mend read as sentences of one text."""

from __future__ import annotations

import pytest

from morgan_core.errors import MorganError


@pytest.mark.parametrize(
    ("message", "mend", "text"),
    [
        ("larger than 2 KiB", "Raise max_file_size.", "larger than 2 KiB. Raise max_file_size."),
        ("It is gone.", "Look again.", "It is gone. Look again."),
        ("Is it on?", "Look.", "Is it on? Look."),
        ("larger than 2 KiB", "", "larger than 2 KiB"),
    ],
)
def test_message_and_mend_are_sentences(message: str, mend: str, text: str) -> None:
    assert str(MorganError(message, mend=mend)) == text
