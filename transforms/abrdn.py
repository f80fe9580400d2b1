"""abrdn's key information, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.numbers import number, text

SOURCE = "abrdn"
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def fund_valuations(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give shares outstanding and net assets, in `currency`, of the fund size's day.

    The share count bears no date of its own, so no NAV per share is derived from it; the answer
    states none, for the indicative value is not struck by the issuer's accountants. The unit of
    the metal per basket is not documented: no ounces. What cannot be read is left to be rejected.
    """
    return raw.select(
        fund=pl.lit(capture.request.subject),
        as_of=pl.col("fund.fundSizeWithDate.date").str.to_datetime(STAMP, strict=False).dt.date(),
        source=pl.lit(SOURCE),
        nav=pl.lit(None, pl.Float64),
        shares_outstanding=number("shareClass.sharesOutstanding"),
        net_assets=number("fund.fundSizeWithDate.value"),
        ounces=pl.lit(None, pl.Float64),
        currency=text("shareClass.baseCurrency"),
        is_recovered=pl.lit(value=False),
        position="position",
    )
