"""CoinGecko's pages and totals, in our names, units and keys; amounts stay as served, in USD."""

from datetime import UTC, timedelta

import polars as pl

from schemas.capture import Capture

SOURCE = "coingecko"
PERCENT = 100
MOMENT = r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?)(?:Z|\+00:00)$"
FORMAT = "%Y-%m-%dT%H:%M:%S%.f"
AHEAD = timedelta(hours=1)  # as far as a clock may be off


def coins(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give each coin's rank, price, market cap, volume and change, and its `position`.

    `change_24h` is the price's, a fraction; that of the market cap is left out, as it may differ
    in sign. A market cap of 0 is CoinGecko's word for unknown, and stays 0.
    """
    return raw.with_columns(updated_at=moment("last_updated")).select(
        coin="id",
        observed_at=newest("updated_at", capture),
        source=pl.lit(SOURCE),
        as_of=newest("updated_at", capture).dt.date(),
        symbol="symbol",
        name="name",
        updated_at="updated_at",
        rank="market_cap_rank",
        price="current_price",
        market_cap="market_cap",
        volume_24h="total_volume",
        change_24h=pl.col("price_change_percentage_24h") / PERCENT,
        position="position",
    )


def coin_categories(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the coins of the category that was asked for, on the day of the page's newest."""
    request = capture.request
    return raw.with_columns(updated_at=moment("last_updated")).select(
        category=pl.lit(request.expects.get("category", request.subject)),
        coin="id",
        as_of=newest("updated_at", capture).dt.date(),
        source=pl.lit(SOURCE),
        name="name",
        position="position",
    )


def coin_market(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give total market cap and volume, their change and bitcoin's share as fractions.

    Left out: other currencies, the other coins' shares, and the change of the volume.
    """
    del capture  # the totals say of themselves all there is to say
    observed_at = pl.from_epoch("updated_at", time_unit="s").dt.replace_time_zone("UTC")
    return raw.select(
        observed_at=observed_at,
        source=pl.lit(SOURCE),
        as_of=observed_at.dt.date(),
        market_cap="total_market_cap.usd",
        volume_24h="total_volume.usd",
        change_24h=pl.col("market_cap_change_percentage_24h_usd") / PERCENT,
        bitcoin_share=pl.col("market_cap_percentage.btc") / PERCENT,
        position="position",
    )


def moment(column: str) -> pl.Expr:
    """Read '2023-07-28T20:03:29.093Z' as an instant, UTC; what is none is null."""
    civil = pl.col(column).str.extract(MOMENT)
    return civil.str.to_datetime(FORMAT, time_unit="us", time_zone="UTC", strict=False)


def newest(column: str, capture: Capture) -> pl.Expr:
    """Give the moment of the list: its newest, but for those later than we can have known them."""
    latest = capture.known_at.astimezone(UTC) + AHEAD
    return pl.col(column).filter(pl.col(column) <= latest).max()
