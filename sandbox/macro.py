"""Policy rates as they were, and monthly averages of the synthetic metals.

The target range of the federal funds rate is FRED's own series and free to use; nothing else here
is real.
"""

from datetime import date, time, timedelta
from pathlib import Path

import polars as pl

from sandbox import anchors, prices, publication

NOON = time(12)
FIRST_DAY = date(2008, 12, 16)
LAST_DAY = date.fromisoformat(anchors.LAST_SESSION) + timedelta(days=1)  # rows run a day ahead
RANGE = 0.25  # percentage points between the bounds of the target

# Tables read best in rows.
# fmt: off

UPPER = {  # the first day at each level, percent
    "2008-12-16": 0.25, "2015-12-16": 0.50, "2016-12-14": 0.75, "2017-03-16": 1.00,
    "2017-06-15": 1.25, "2017-12-14": 1.50, "2018-03-22": 1.75, "2018-06-14": 2.00,
    "2018-09-27": 2.25, "2018-12-20": 2.50, "2019-08-01": 2.25, "2019-09-19": 2.00,
    "2019-10-31": 1.75, "2020-03-04": 1.25, "2020-03-16": 0.25, "2022-03-17": 0.50,
    "2022-05-05": 1.00, "2022-06-16": 1.75, "2022-07-28": 2.50, "2022-09-22": 3.25,
    "2022-11-03": 4.00, "2022-12-15": 4.50, "2023-02-02": 4.75, "2023-03-23": 5.00,
    "2023-05-04": 5.25, "2023-07-27": 5.50, "2024-09-19": 5.00, "2024-11-08": 4.75,
    "2024-12-19": 4.50, "2025-09-18": 4.25, "2025-10-30": 4.00, "2025-12-11": 3.75,
}
PLATINUM = {  # made-up points
    "2000-08-30": 580, "2008-03-04": 2150, "2008-10-27": 780, "2011-08-22": 1850,
    "2016-01-21": 830, "2020-03-19": 600, "2021-02-16": 1290, "2024-12-31": 905,
    "2025-12-11": 1690,
}
# fmt: on


def rates() -> dict[str, pl.DataFrame]:
    """Return the bounds of the target range, percent, of every day, by FRED's ids."""
    changes = pl.DataFrame({"date": [*UPPER], "value": [*UPPER.values()]})
    days = pl.DataFrame({"date": pl.date_range(FIRST_DAY, LAST_DAY, eager=True)})
    upper = days.join_asof(changes.with_columns(pl.col("date").str.to_date()), on="date")
    lower = upper.with_columns(pl.col("value") - RANGE)
    return {"DFEDTARU": published_at_noon(upper), "DFEDTARL": published_at_noon(lower)}


def rates_from(file: Path) -> pl.DataFrame:
    """Read a captured series (date,value), public at noon of the day itself."""
    return published_at_noon(
        pl.read_csv(file, schema={"date": pl.Date, "value": pl.Float64}).sort("date")
    )


def published_at_noon(rows: pl.DataFrame) -> pl.DataFrame:
    """Add published_at: noon of the day, UTC."""
    return rows.with_columns(published_at=publication.at(NOON, "UTC"))


def averages() -> dict[str, pl.DataFrame]:
    """Return the average close of every whole month of the walks, by the World Bank's names."""
    return {
        "Gold": monthly(prices.walk("GC=F")),
        "Platinum": monthly(platinum()),
        "Silver": monthly(prices.walk("SI=F")),
    }


def platinum() -> pl.DataFrame:
    """Return a third metal's walk, which has no market of its own."""
    days = prices.sessions_from(date.fromisoformat(next(iter(PLATINUM))))
    steps = 0.010 * prices.family_noise("metals", days)
    steps += 0.006 * prices.generator("platinum").standard_normal(days.size)
    return pl.DataFrame({"date": pl.Series(days), "close": prices.bridge(days, PLATINUM, steps)})


def monthly(closes: pl.DataFrame) -> pl.DataFrame:
    """Average the closes of months, public on the 3rd of the next; not those cut at either end."""
    days = pl.col("date")
    within = days.is_between(days.min().dt.month_end(), days.max().dt.month_start(), closed="none")
    means = closes.filter(within).group_by_dynamic("date", every="1mo")
    return means.agg(average=pl.col("close").mean().round(4)).with_columns(
        published_at=third_of_the_next_month().cast(pl.Datetime("us", "UTC"))
    )


def third_of_the_next_month() -> pl.Expr:
    """Return noon of the 3rd after each row's month, UTC."""
    third = pl.col("date").dt.offset_by("1mo").dt.offset_by("2d")
    return third.dt.combine(NOON).dt.replace_time_zone("UTC")
