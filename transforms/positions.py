"""What identifies a position in a fund's list of holdings."""

import polars as pl


def holding() -> pl.Expr:
    """Identify a holding: by ticker; a repeated or absent one by ticker and name; then by number.

    The numbers, " #2" and on, follow the order in the file. Needs columns `ticker` and `name`.
    """
    is_first = pl.int_range(pl.len()).over("ticker") == 0
    in_full = pl.concat_str("ticker", "name", separator=" ", ignore_nulls=True)
    identifier = (
        pl.when(pl.col("ticker").is_not_null() & is_first).then("ticker").otherwise(in_full)
    )
    nth = pl.int_range(1, pl.len() + 1).over(identifier)
    return pl.when(nth == 1).then(identifier).otherwise(pl.format("{} #{}", identifier, nth))
