"""Dividends and splits as Yahoo's chart shows them: only on request, and only if there are any."""

from typing import Any

import polars as pl

from sandbox import yahoo_rows
from sandbox.market import Instrument, Market, last_date


def inside(
    market: Market,
    instrument: Instrument,
    known: pl.DataFrame,
    asked: tuple[int, int],
) -> dict[str, Any]:
    """Return dividends and splits of the window, keyed by epoch text; no key without an event."""
    kinds = {"dividends": market.dividends, "splits": market.splits}
    found = {
        kind: happened(frames[instrument.symbol], instrument, known, asked)
        for kind, frames in kinds.items()
        if instrument.symbol in frames
    }
    return {kind: entries for kind, entries in found.items() if entries}


def happened(
    actions: pl.DataFrame,
    instrument: Instrument,
    known: pl.DataFrame,
    asked: tuple[int, int],
) -> dict[str, Any]:
    """Return one kind of event, up to the last bar that is public."""
    stamp = yahoo_rows.opened(instrument, instrument.opens_at)
    dated = actions.filter(pl.col("date") <= last_date(known)).with_columns(timestamp=stamp)
    return {
        str(row["timestamp"]): described(row)
        for row in yahoo_rows.inside(dated, asked).iter_rows(named=True)
    }


def described(row: dict[str, Any]) -> dict[str, Any]:
    """Return an event in the provider's fields; a split has its ratio as text, too."""
    if "amount" in row:
        return {"amount": row["amount"], "date": row["timestamp"]}
    numerator, denominator = row["numerator"], row["denominator"]
    return {
        "date": row["timestamp"],
        "numerator": numerator,
        "denominator": denominator,
        "splitRatio": f"{numerator:.0f}:{denominator:.0f}",
    }
