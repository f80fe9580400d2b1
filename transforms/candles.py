"""What the exchanges' candles have in common: days of UTC, and only those that are over."""

import polars as pl

from schemas.capture import Capture
from transforms.settling import is_asked, is_over

SECONDS = 86_400  # of a day


def day(seconds: pl.Expr) -> pl.Expr:
    """Read the unix seconds at which a UTC day begins; what is none is null."""
    whole = seconds // SECONDS
    return pl.when(seconds % SECONDS == 0).then(whole.cast(pl.Int32, strict=False).cast(pl.Date))


def bars(candles: pl.DataFrame, capture: Capture, source: str) -> pl.DataFrame:
    """Give the bars of finished days, in the currency that was asked for, and their `position`.

    Left out, as no statement that was asked for: the day that was running at `known_at`, and days
    outside the window. A candle without a day is left to be rejected. `volume` is in coins; no
    exchange is known to revise a finished day.

    Args:
        candles: `session`, `open`, `high`, `low`, `close`, `volume` and `position`.
        capture: What was asked, and when the answer was known.
        source: The exchange.
    """
    return candles.filter(is_over(capture) & is_asked(capture)).select(
        instrument=pl.lit(capture.request.subject),
        session="session",
        source=pl.lit(source),
        open="open",
        high="high",
        low="low",
        close="close",
        adj_close=pl.lit(None, pl.Float64),
        volume="volume",
        currency=pl.lit(capture.request.expects["currency"]),
        is_final=pl.lit(value=True),
        position="position",
    )
