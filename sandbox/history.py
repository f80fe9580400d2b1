"""A market from a folder of captured history: `symbols.csv`, `prices/`, `funds/`, `rates/`."""

from pathlib import Path

import polars as pl

from sandbox import instruments, macro, publication, spot
from sandbox.market import Market

STOOQ = {"XAGUSD": "xagusd", "XAUUSD": "xauusd", "IWM": "iwm.us"}
PRICES = ("open", "high", "low", "close", "adj_close")
BARS = pl.Schema({"date": pl.Date} | dict.fromkeys((*PRICES, "volume"), pl.Float64))
FUNDS = pl.Schema(
    {"date": pl.Date} | dict.fromkeys(("nav", "shares_outstanding", "ounces"), pl.Float64),
)


def from_folder(folder: Path) -> Market:
    """Read the captured values as they are; what a folder lacks is not carried."""
    listed = list_symbols(folder)
    yahoo = listed.filter(
        pl.col("file").str.starts_with("prices/") & ~pl.col("symbol").is_in([*STOOQ]),
    )
    described = {
        row["symbol"]: instruments.describe(row["symbol"], row["currency"])
        for row in yahoo.iter_rows(named=True)
    }
    return Market(
        origin="history",
        instruments=described,
        bars={
            symbol: read_bars(folder / file, described[symbol].instrument_type)
            for symbol, file in yahoo.select("symbol", "file").iter_rows()
        },
        valuations={
            fund: read_valuations(folder / file)
            for fund, file in of_kind(listed, "funds").iter_rows()
        },
        quotes={
            STOOQ[symbol]: spot.from_prices(read_prices(folder / file), is_coin=False)
            for symbol, file in of_kind(listed, "prices").iter_rows()
            if symbol in STOOQ
        },
        rates={
            series: macro.rates_from(folder / file)
            for series, file in of_kind(listed, "rates").iter_rows()
        },
    )


def of_kind(listed: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return symbol and file of what lies in one of the folder's folders."""
    return listed.filter(pl.col("file").str.starts_with(f"{kind}/")).select("symbol", "file")


def list_symbols(folder: Path) -> pl.DataFrame:
    """Return the rows of symbols.csv whose files exist."""
    index = folder / "symbols.csv"
    if not index.is_file():
        raise FileNotFoundError(f"{folder} is no history folder: it has no symbols.csv")
    listed = pl.read_csv(index)
    return listed.filter([(folder / file).is_file() for file in listed["file"]])


def read_bars(file: Path, instrument_type: str) -> pl.DataFrame:
    """Read one price file; where no adj_close was captured Yahoo would serve the close."""
    bars = read_prices(file).with_columns(pl.col("volume").cast(pl.Int64))
    if bars["adj_close"].null_count() == bars.height:
        bars = bars.with_columns(adj_close="close")
    return publication.publish_bars(bars, instrument_type)


def read_prices(file: Path) -> pl.DataFrame:
    """Read one price file as it is."""
    return pl.read_csv(file, schema=BARS)


def read_valuations(file: Path) -> pl.DataFrame:
    """Read one fund file."""
    rows = pl.read_csv(file, schema=FUNDS)
    return publication.publish_fund_rows(rows.cast({"shares_outstanding": pl.Int64}))
