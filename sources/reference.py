"""Reference data: the CSV files in warehouse/reference, which the user may edit.

They are captured and recorded like any provider's answer, so that a replay knows what was believed
of funds and groups at any time.
"""

import io

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.tables.reference import REFERENCE

SOURCE = "reference"


def table(name: str) -> Request:
    """Ask for one reference table by its name, which is also its file's."""
    return Request(SOURCE, "reference", name, f"{name}.csv")


def parse_table(payload: bytes, capture: Capture) -> dict[str, pl.DataFrame]:
    """Read a reference file into its table's columns, and `position`, the line's number.

    Raises:
        Refused: The file lacks a column, or a cell cannot be read as its column's type.
    """
    name = capture.request.subject
    schema = next(schema for schema in REFERENCE if f"{name}.csv" == file_name(schema.__name__))
    types = {column: spec.dtype.type for column, spec in schema.to_schema().columns.items()}
    try:
        frame = pl.read_csv(io.BytesIO(payload), schema_overrides=types)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise Refused(f"{capture.request.scope}: {str(error).splitlines()[0]}") from error
    missing = [column for column in types if column not in frame.columns]
    if missing:
        raise Refused(f"{capture.request.scope}: column {', '.join(missing)} is missing")
    return {name: frame.select(list(types)).with_row_index("position").cast({"position": pl.Int64})}


def file_name(class_name: str) -> str:
    """FundGroups is kept in fund_groups.csv."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in class_name).lstrip("_") + ".csv"
