"""Spans of time as questions name them."""

from __future__ import annotations

import time

from morgan_core.scope_filters import period

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def bounds(span: str, now: float, *, since: bool = False) -> tuple[float, float | None]:
    """The first second of ``span`` and the one after its last, None while it lasts; by this
    machine's clock. With ``since`` it lasts until now.

    Beside what ``scope_filters.period`` reads: ``this month``, ``last month``, ``this year``,
    ``last year`` and the days of the week, the last one of that name. Raises BadInput for what is
    no date.
    """
    start, end = period("modified", _as_period(span, now), now)
    assert start is not None  # of "modified"
    return start, None if since else end


def _as_period(span: str, now: float) -> str:
    today = time.localtime(now)
    if span in _DAYS:
        back = (today.tm_wday - _DAYS.index(span)) % 7
        day = time.localtime(now - back * 86400)
        return time.strftime("%Y-%m-%d", day)
    if span in ("this month", "last month"):
        month = today.tm_year * 12 + today.tm_mon - 1 - (span == "last month")
        return f"{month // 12:04d}-{month % 12 + 1:02d}"
    if span in ("this year", "last year"):
        return str(today.tm_year - (span == "last year"))
    return span
