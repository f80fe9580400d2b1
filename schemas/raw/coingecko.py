"""What CoinGecko promises: numbers as numbers, whole or not; the parser adds `position`."""

import pandera.polars as pa
import polars as pl

# Unix seconds up to 2286: beyond them `updated_at` is in another unit.
LATEST = 10_000_000_000


class CoinGeckoMarkets(pa.DataFrameModel):
    """One row per coin of `/coins/markets`, the largest first."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the list, from 0")
    id: pl.String = pa.Field(nullable=True, description="The key; symbols are not unique")
    symbol: pl.String = pa.Field(nullable=True, description="btc")
    name: pl.String = pa.Field(nullable=True, description="Bitcoin")
    current_price: pl.Float64 = pa.Field(nullable=True, description="USD")
    market_cap: pl.Float64 = pa.Field(nullable=True, description="USD; 0 is unknown")
    market_cap_rank: pl.Int64 = pa.Field(nullable=True, description="Null: unranked")
    total_volume: pl.Float64 = pa.Field(nullable=True, description="USD in 24 hours")
    price_change_percentage_24h: pl.Float64 = pa.Field(nullable=True, description="Percent")
    market_cap_change_percentage_24h: pl.Float64 = pa.Field(
        nullable=True, description="Percent; may differ from the price's in sign"
    )
    last_updated: pl.String = pa.Field(nullable=True, description="2023-07-28T20:03:29.093Z")

    class Config:
        """Drop what was never asked for: images, highs and lows, supplies, all-time records."""

        strict = "filter"


class CoinGeckoGlobal(pa.DataFrameModel):
    """The one object of `/global`; a column's dot leads into a map by currency or coin."""

    position: pl.Int64 = pa.Field(ge=0, description="Always 0: there is one object")
    market_cap: pl.Float64 = pa.Field(
        alias="total_market_cap.usd", nullable=True, description="USD"
    )
    volume: pl.Float64 = pa.Field(
        alias="total_volume.usd", nullable=True, description="USD in 24 hours"
    )
    bitcoin_share: pl.Float64 = pa.Field(
        alias="market_cap_percentage.btc", nullable=True, description="Percent of the market cap"
    )
    market_cap_change_percentage_24h_usd: pl.Float64 = pa.Field(
        nullable=True, description="Percent"
    )
    updated_at: pl.Int64 = pa.Field(ge=0, le=LATEST, description="Unix seconds")

    class Config:
        """Drop what was never asked for: the other currencies and coins, counts of coins."""

        strict = "filter"
