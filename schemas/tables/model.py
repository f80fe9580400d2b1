"""What every table's schema shares."""

from typing import Any, ClassVar

import pandera.polars as pa
import polars as pl

INSTRUMENT = r"^[A-Z0-9^][A-Z0-9.=^-]{0,19}$"
FUND = r"^[A-Z0-9.]{1,12}$"
CURRENCY = r"^[A-Z]{3}$"
INSTANT = pl.Datetime("us", "UTC")

# Neither infinity nor NaN is below it (polars sorts NaN last), so `lt=UNBOUNDED` means "a number".
UNBOUNDED = float("inf")

# Values served as float32 and widened: two that agree as FLOAT are the same value.
FLOAT32: dict[str, Any] = {"precision": "float32"}
FLOAT32_MAX = 3.4028234663852886e38  # beyond it there is no such value to compare


class Table(pa.DataFrameModel):
    """A table of the warehouse: its name, columns, key and promises, said once.

    `Config.unique` is the key. `Config.metadata` may say `as_of` (the column that holds the market
    day; without it the table ignores the variable `as_of`), `days_ahead` (how far that day may lie
    ahead of the UTC day it is known on: east of Greenwich a session begins the day before),
    `snapshot` (the key columns within which an answer is complete, so that a row it lacks is gone),
    `timeless` (known from always) and `derived` (made of other tables: nothing corrects it).

    A column's metadata may say `precision` (how its values are compared), `bears` (false: no fact
    is made of it), `largest_jump` (a value more than so many times the one before it, or less than
    that part of it, is an error of units unless a split explains it) and `launch_days` (how long
    after a series' first value it may jump as it likes: creations multiply a new fund's shares).
    """

    class Config:
        """No column that is not declared."""

        strict: ClassVar[bool] = True


def metadata(schema: type[pa.DataFrameModel]) -> dict[str, Any]:
    """Give what the schema says of itself beside its columns."""
    return dict(getattr(schema.Config, "metadata", None) or {})


def key(schema: type[pa.DataFrameModel]) -> list[str]:
    """Name the columns that identify a row."""
    return list(schema.to_schema().unique or ())
