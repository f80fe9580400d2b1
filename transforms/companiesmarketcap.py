"""CompaniesMarketCap's ranking of assets, in our names, units and keys."""

from datetime import UTC

import polars as pl

from schemas.capture import Capture
from transforms.numbers import number

SOURCE = "companiesmarketcap"
SLUG = r"/([^/]+)/marketcap/?$"
KINDS = {
    "precious-metals-outliner": "metal",
    "crypto-outliner": "coin",
    "etf-outliner": "fund",
}
SCALES = {"T": 1e12, "B": 1e9, "M": 1e6}
CENTS = 100
ROUNDED = 0.05  # of an amount, the part that rounding it for show can take


def asset_caps(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give assets with their rank, market cap and price in USD, and `position`.

    `as_of` is the UTC day of the capture: the page states none. The market cap is the value that
    the column sorts by, in whole USD. The price is the one shown: the column sorts by a hundredth
    part of it, which below a cent is nothing. Either is NaN, and rejected, where the two differ by
    more than rounding: then the cell holds something else. The day's change is left out, as it
    follows from prices.
    """
    return raw.with_columns(shown("cap"), shown("price")).select(
        asset=pl.col("href").str.extract(SLUG),
        as_of=pl.lit(capture.known_at.astimezone(UTC).date()),
        source=pl.lit(SOURCE),
        name="company-name",
        symbol="company-code",
        kind=kind(),
        rank=pl.col("rank-td data-sort").cast(pl.Int64, strict=False),
        market_cap=checked(number("cap data-sort"), scaled()),
        price=price(),
        position="position",
    )


def shown(column: str) -> pl.Expr:
    """Read '$62.50' as '62.50'; a cell that shows no dollars, as what is no number."""
    served = pl.col(column)
    in_dollars = pl.when(served.str.contains(r"^\$.")).then(served.str.slice(1))
    return pl.when(served.is_not_null()).then(in_dollars.otherwise(pl.lit("?"))).alias(column)


def kind() -> pl.Expr:
    """Tell what is ranked by the row's class; one not known yet is null."""
    names = pl.col("class").fill_null("")
    known = [pl.when(names.str.contains(name)).then(pl.lit(kind)) for name, kind in KINDS.items()]
    company = pl.when(~names.str.contains("-outliner")).then(pl.lit("company"))
    return pl.coalesce(*known, company)


def scaled() -> pl.Expr:
    """Read '3.500 T' as 3.5e12."""
    parts = pl.col("cap").str.extract_groups(r"^([\d.,]+) ([TBM])$").struct
    digits = parts.field("1").str.replace_all(",", "").cast(pl.Float64, strict=False)
    return digits * parts.field("2").replace_strict(SCALES, default=None)


def price() -> pl.Expr:
    """Give the price shown; from a dollar on it must be the one sorted by."""
    stated = number("price")
    sorted_by = number("price data-sort") / CENTS
    return pl.when(stated < 1).then(stated).otherwise(checked(stated, sorted_by))


def checked(value: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Give a value, or NaN where another statement of it is not the same but for rounding."""
    is_same = (value - other).abs() <= ROUNDED * value.abs()
    return pl.when(value.is_null() | is_same).then(value).otherwise(float("nan"))
