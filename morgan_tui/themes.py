"""Morgan's own colours, dark and light. Textual's ANSI themes stay available beside them.

Text on background has a contrast of at least 7:1, muted text at least 4.5:1 (WCAG 2.2).
"""

from __future__ import annotations

from textual.theme import Theme

MORGAN_DARK = Theme(
    name="morgan-dark",
    primary="#7aa2c9",
    secondary="#9c8fc4",
    accent="#e0a458",
    warning="#e0b15e",
    error="#e07a76",
    success="#7fbf8e",
    foreground="#dfe3e8",
    background="#14171c",
    surface="#1a1e25",
    panel="#232932",
    dark=True,
    variables={
        "muted": "#8e99a8",
        "text-muted": "#8e99a8",
        "border": "#39424f",
        "scrollbar": "#39424f",
        "scrollbar-background": "#14171c",
        "scrollbar-background-hover": "#14171c",
        "scrollbar-background-active": "#14171c",
        "scrollbar-corner-color": "#14171c",
        "input-selection-background": "#7aa2c9 35%",
        "block-cursor-background": "#34506c",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#2a323d",
        "link-color": "#e0a458",
        "link-style": "bold",
        "link-color-hover": "#14171c",
        "link-background-hover": "#e0a458",
        "link-style-hover": "bold",
    },
)

MORGAN_LIGHT = Theme(
    name="morgan-light",
    primary="#2f5f8f",
    secondary="#5f4f96",
    accent="#9a5a00",
    warning="#8a5a00",
    error="#b0302c",
    success="#25703a",
    foreground="#1d2228",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e8e5de",
    dark=False,
    variables={
        "muted": "#5d6570",
        "text-muted": "#5d6570",
        "border": "#c3beb3",
        "scrollbar": "#c3beb3",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-background-hover": "#fbfaf7",
        "scrollbar-background-active": "#fbfaf7",
        "scrollbar-corner-color": "#fbfaf7",
        "input-selection-background": "#2f5f8f 25%",
        "block-cursor-background": "#2f5f8f",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#d5dce4",
        "link-color": "#9a5a00",
        "link-style": "bold",
        "link-color-hover": "#ffffff",
        "link-background-hover": "#9a5a00",
        "link-style-hover": "bold",
    },
)

THEMES = (MORGAN_DARK, MORGAN_LIGHT)

CYCLE = ("morgan-dark", "morgan-light", "ansi-dark", "ansi-light")
"""The themes that one key goes through."""

EXTRA_VARIABLES = {"muted": "ansi_default", "border": "ansi_default"}
"""What our style sheets use and other themes do not define."""
