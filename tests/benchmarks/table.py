"""Results as people read them."""

from __future__ import annotations

from typing import Any


def line(name: str, outcome: dict[str, Any]) -> list[str]:
    """One row per figure of the benchmark ``name``."""
    if "error" in outcome:
        return [f"  {name:<32} FAILED: {outcome['error']}"]
    if "skipped" in outcome:
        return [f"  {name:<32} skipped: {outcome['skipped']}"]
    return [_row(f"{name}.{key}", figure) for key, figure in outcome["metrics"].items()]


def show(report: dict[str, Any]) -> str:
    """The whole report as a table."""
    about = report["machine"]
    head = f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, {about['python']}"
    if report["quick"]:
        head += "; quick: the figures mean nothing"
    rows = [row for name, outcome in report["results"].items() for row in line(name, outcome)]
    return "\n".join([head, *rows])


def _row(name: str, figure: dict[str, Any]) -> str:
    value = "-" if figure["value"] is None else f"{figure['value']:g}"
    bar = ""
    if figure["bar"] is not None:
        sign = "≤" if figure["better"] == "less" else "≥"
        mark = {True: "ok", False: "MISSED", None: "?"}[figure["ok"]]
        bar = f"{sign} {figure['bar']:g}  {mark}"
    return f"  {name:<32} {value:>10} {figure['unit']:<14} {bar:<18} n={figure['n']}"
