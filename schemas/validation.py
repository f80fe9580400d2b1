"""Accept what keeps its promises, reject the rows that do not, refuse a payload that is not it."""

from typing import NamedTuple

import pandera.errors
import pandera.polars as pa
import polars as pl

from schemas.capture import Capture, Refused
from schemas.tables.model import key

MOST_REJECTED = 0.2
NAMES = {"multiple_fields_uniqueness": "conflicting duplicate"}


class Verdict(NamedTuple):
    """What validation made of a payload's rows.

    `accepted` has the schema's columns. `rejected` has `position` (row in the payload),
    `key` and `row` (JSON text) and `failures` (list of "column: check").
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame


def promised(
    schema: type[pa.DataFrameModel], frame: pl.DataFrame, capture: Capture
) -> pl.DataFrame:
    """Give the columns that a raw schema promises, or refuse the payload for those it lacks.

    Args:
        schema: What the provider promises, in its own columns.
        frame: The payload as parsed, one row per row served.
        capture: Where the rows come from; named in the refusal.

    Raises:
        Refused: A column is missing or of another type; names provider, dataset and columns.
    """
    columns = schema.to_schema().columns
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise Refused(
            f"{capture.request.scope}: column {', '.join(missing)} is missing; "
            f"the payload has {', '.join(map(repr, frame.columns)) or 'no columns'}"
        )
    try:
        return pl.DataFrame(schema.validate(frame.select(list(columns)), lazy=True))
    except pandera.errors.SchemaErrors as errors:
        wrong = errors.failure_cases.select("column", "check").unique(maintain_order=True)
        faults = ", ".join(f"{column}: {check}" for column, check in wrong.iter_rows())
        raise Refused(f"{capture.request.scope}: {faults}") from errors


def empty(schema: type[pa.DataFrameModel]) -> pl.DataFrame:
    """Give a schema's columns without rows."""
    columns = schema.to_schema().columns
    return pl.DataFrame(schema={name: spec.dtype.type for name, spec in columns.items()})


def accept(
    schema: type[pa.DataFrameModel], frame: pl.DataFrame, raw: pl.DataFrame, capture: Capture
) -> Verdict:
    """Sort rows into those that keep the table's promises and those that do not.

    Equal rows of one key count once; different ones are rejected, all of them.

    Args:
        schema: The table.
        frame: Rows in the table's columns, and `position`, the row in `raw` each was made from.
        raw: The payload as served, with `position`: what a rejection shows as evidence.
        capture: Where the rows come from.

    Raises:
        Refused: More than a fifth of the rows fail; names the checks.
    """
    columns = list(schema.to_schema().columns)
    if frame.is_empty():
        return Verdict(empty(schema), REJECTED.clone())
    rows = frame.unique(subset=columns, keep="first", maintain_order=True)
    try:
        schema.validate(rows.select(columns), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        failures = by_row(errors.failure_cases, capture)
    else:
        return Verdict(rows.select(columns), REJECTED.clone())
    if failures.height > MOST_REJECTED * rows.height:
        seen = ", ".join(failures["failures"].explode().unique().sort())
        raise Refused(
            f"{capture.request.scope}: {failures.height} of {rows.height} rows are bad ({seen})"
        )
    numbered = rows.with_row_index("index").with_columns(pl.col("index").cast(pl.Int64))
    rejected = (
        numbered.join(failures, on="index", maintain_order="left")
        .with_columns(key=pl.struct(key(schema)).struct.json_encode())
        .join(evidence(raw), on="position", how="left", maintain_order="left")
        .select(REJECTED.columns)
    )
    good = numbered.join(failures, on="index", how="anti", maintain_order="left")
    return Verdict(good.select(columns), rejected)


REJECTED = pl.DataFrame(
    schema={
        "position": pl.Int64,
        "key": pl.String,
        "row": pl.String,
        "failures": pl.List(pl.String),
    }
)


def by_row(failure_cases: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Gather the failed checks of each row: `index` and `failures`.

    Raises:
        Refused: A failure belongs to no row, so the frame itself is wrong.
    """
    whole = failure_cases.filter(pl.col("index").is_null())
    if not whole.is_empty():
        faults = ", ".join(f"{r['column']}: {r['check']}" for r in whole.iter_rows(named=True))
        raise Refused(f"{capture.request.scope}: {faults}")
    is_of_column = pl.col("schema_context") == "Column"
    check = pl.col("check").replace(NAMES)
    failure = pl.when(is_of_column).then(pl.col("column") + ": " + check).otherwise(check)
    return (
        failure_cases.with_columns(pl.col("index").cast(pl.Int64), failure=failure)
        .group_by("index")
        .agg(failures=pl.col("failure").unique().sort())
    )


def evidence(raw: pl.DataFrame) -> pl.DataFrame:
    """Write each raw row as JSON: `position` and `row`."""
    return raw.select(
        pl.col("position").cast(pl.Int64),
        row=pl.struct(pl.exclude("position")).struct.json_encode(),
    ).unique("position", keep="first")
