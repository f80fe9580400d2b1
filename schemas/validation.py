"""Accept what keeps its promises, reject the rows that do not, refuse a payload that is not it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

import pandera.errors
import pandera.polars as pa
import polars as pl

from schemas.capture import Capture, Refused
from schemas.parsed import lacking
from schemas.tables.model import key, metadata

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
        raise lacking(capture.request.scope, missing, frame.columns)
    rows = frame.select(list(columns))
    # Of a lazy frame pandera checks the types alone: without rows there is nothing else to check.
    checked = rows if rows.height else rows.lazy()
    try:
        return pl.DataFrame(schema.validate(checked, lazy=True).lazy().collect())
    except pandera.errors.SchemaErrors as errors:
        wrong = errors.failure_cases.select("column", "check").unique(maintain_order=True)
        faults = ", ".join(f"{column}: {check}" for column, check in wrong.iter_rows())
        raise Refused(f"{capture.request.scope}: {faults}") from errors


def empty(schema: type[pa.DataFrameModel]) -> pl.DataFrame:
    """Give a schema's columns without rows."""
    columns = schema.to_schema().columns
    return pl.DataFrame(schema={name: spec.dtype.type for name, spec in columns.items()})


def accept(
    schema: type[pa.DataFrameModel],
    frame: pl.DataFrame,
    raw: pl.DataFrame,
    capture: Capture,
    today: date | None = None,
) -> Verdict:
    """Sort rows into those that keep the table's promises and those that do not.

    Equal rows of one key count once; different ones are rejected, all of them.

    Args:
        schema: The table.
        frame: Rows in the table's columns, and `position`, the row in `raw` each was made from.
        raw: The payload as served, with `position`: what a rejection shows as evidence.
        capture: Where the rows come from.
        today: The UTC day on which they were known: no row may be for a later market day.

    Raises:
        Refused: A failure belongs to no row, so the frame itself is wrong.
    """
    columns = list(schema.to_schema().columns)
    if frame.is_empty():
        return Verdict(empty(schema), REJECTED.clone())
    rows = without_repeats(frame, schema)
    numbered = rows.with_row_index("index").with_columns(pl.col("index").cast(pl.Int64))
    broken = [
        broken_promises(schema, rows.select(columns), capture),
        premature(schema, numbered, today),
    ]
    failures = pl.concat(broken).group_by("index").agg(failures=pl.col("failure").unique().sort())
    rejected = (
        numbered.join(failures, on="index", maintain_order="left")
        .with_columns(key=key_as_json(schema))
        .join(evidence(raw), on="position", how="left", maintain_order="left")
        .select(REJECTED.columns)
    )
    good = numbered.join(failures, on="index", how="anti", maintain_order="left")
    return Verdict(good.select(columns), rejected)


def without_repeats(frame: pl.DataFrame, schema: type[pa.DataFrameModel]) -> pl.DataFrame:
    """Count equal rows of one key once; what has no key equals nothing, however alike it is."""
    is_nameless = pl.any_horizontal(pl.col(key(schema)).is_null())
    told_apart = frame.with_columns(nameless=pl.when(is_nameless).then("position"))
    columns = [*schema.to_schema().columns, "nameless"]
    return told_apart.unique(subset=columns, keep="first", maintain_order=True).drop("nameless")


def refuse_if_mostly_bad(verdicts: Iterable[Verdict], capture: Capture) -> None:
    """Refuse a payload of which more than a fifth of all rows is rejected, naming the checks."""
    judged = list(verdicts)
    bad = pl.concat([verdict.rejected for verdict in judged])
    rows = bad.height + sum(verdict.accepted.height for verdict in judged)
    if bad.height > MOST_REJECTED * rows:
        seen = ", ".join(bad["failures"].explode().unique().sort())
        first = f"the first is row {bad.select(pl.min('position')).item()}, counted from 0"
        raise Refused(
            f"{capture.request.scope}: {bad.height} of {rows} rows are bad ({seen}); {first}"
        )


REJECTED = pl.DataFrame(
    schema={
        "position": pl.Int64,
        "key": pl.String,
        "row": pl.String,
        "failures": pl.List(pl.String),
    }
)


def broken_promises(
    schema: type[pa.DataFrameModel], rows: pl.DataFrame, capture: Capture
) -> pl.DataFrame:
    """List what pandera finds wrong, row by row: `index` and `failure`.

    Raises:
        Refused: A failure belongs to no row, so the frame itself is wrong.
    """
    try:
        schema.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return pl.DataFrame(schema={"index": pl.Int64, "failure": pl.String})
    whole = cases.filter(pl.col("index").is_null())
    if not whole.is_empty():
        faults = ", ".join(f"{r['column']}: {r['check']}" for r in whole.iter_rows(named=True))
        raise Refused(f"{capture.request.scope}: {faults}")
    check = pl.col("check").replace(NAMES)
    is_of_column = pl.col("schema_context") == "Column"
    failure = pl.when(is_of_column).then(pl.col("column") + ": " + check).otherwise(check)
    return pl.DataFrame(cases.select(pl.col("index").cast(pl.Int64), failure=failure))


def premature(
    schema: type[pa.DataFrameModel], numbered: pl.DataFrame, today: date | None
) -> pl.DataFrame:
    """List the rows for a market day that has not come: `index` and `failure`."""
    traits = metadata(schema)
    column = traits.get("as_of")
    if column is None or today is None:
        return pl.DataFrame(schema={"index": pl.Int64, "failure": pl.String})
    last = today + timedelta(days=traits.get("days_ahead", 0))
    return numbered.filter(pl.col(column) > last).select(
        "index", failure=pl.lit(f"{column}: later than the day it was known")
    )


def key_as_json(schema: type[pa.DataFrameModel]) -> pl.Expr:
    """Write the key as DuckDB does, to the byte: a rejection is found by this text."""
    columns = schema.to_schema().columns
    fields = [
        instant_as_text(name) if isinstance(columns[name].dtype.type, pl.Datetime) else pl.col(name)
        for name in key(schema)
    ]
    return pl.struct(fields).struct.json_encode().str.replace_many(ESCAPES, leftmost=True)


def instant_as_text(column: str) -> pl.Expr:
    """Write an instant, UTC, as DuckDB does: with a space, and no digits that say nothing."""
    text = pl.col(column).dt.strftime("%Y-%m-%d %H:%M:%S%.6f").str.strip_chars_end("0")
    return text.str.strip_chars_end(".") + "+00"


# DuckDB escapes in capitals; an escaped backslash is matched first, so that it is left as it is.
ESCAPES = {r"\\": r"\\"} | {f"\\u{code:04x}": f"\\u{code:04X}" for code in range(32)}


def evidence(raw: pl.DataFrame) -> pl.DataFrame:
    """Write each raw row as JSON: `position` and `row`."""
    return raw.select(
        pl.col("position").cast(pl.Int64),
        row=pl.struct(pl.exclude("position")).struct.json_encode(),
    ).unique("position", keep="first")
