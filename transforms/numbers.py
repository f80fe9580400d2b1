"""Numbers as people write them."""

import polars as pl

MISSING = ["", "-", "--"]
WELL_FORMED = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?([eE][+-]?\d+)?$"


def number(column: str) -> pl.Expr:
    """Read '1,250,000.00' as 1250000.0, and '-', '--' and '' as missing.

    What is no number becomes NaN, which a table rejects; as a null it would pass for missing.
    """
    text = pl.col(column).str.strip_chars()
    value = text.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    return (
        pl.when(text.is_null() | text.is_in(MISSING))
        .then(None)
        .when(text.str.contains(WELL_FORMED))
        .then(value)
        .otherwise(float("nan"))
    )


def text(column: str) -> pl.Expr:
    """Read text without blanks around it, and '-', '--' and '' as missing."""
    stripped = pl.col(column).str.strip_chars()
    return pl.when(~stripped.is_in(MISSING)).then(stripped)
