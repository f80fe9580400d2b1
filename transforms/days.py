"""Days as people write them."""

import polars as pl

ISO, AMERICAN, SLASHED = "%Y-%m-%d", "%b %d, %Y", "%m/%d/%Y"
DASHED, SPACED = "%d-%b-%Y", "%d %b %Y"
WRITTEN = {
    ISO: r"^\d{4}-\d{2}-\d{2}$",  # 2022-05-11
    AMERICAN: r"^[A-Z][a-z]{2} \d{1,2}, \d{4}$",  # May 11, 2022
    SLASHED: r"^\d{1,2}/\d{1,2}/\d{4}$",  # 05/11/2022
    DASHED: r"^\d{1,2}-[A-Z][a-z]{2}-\d{4}$",  # 11-May-2022
    SPACED: r"^\d{1,2} [A-Z][a-z]{2} \d{4}$",  # 11 May 2022
}


def day(column: str, layout: str, after: str = "") -> pl.Expr:
    """Read text as a day that is written in this layout, behind a prefix; what is none is null.

    The whole text must be the day: polars alone would read the beginning of another one.
    """
    text = pl.col(column).str.strip_chars().str.strip_prefix(after)
    return pl.when(text.str.contains(WRITTEN[layout])).then(text.str.to_date(layout, strict=False))
