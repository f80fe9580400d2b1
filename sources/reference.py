"""Reference data: the CSV files in warehouse/reference, which the user may edit.

They are captured and recorded like any provider's answer, so that a replay knows what was believed
of funds and groups at any time.
"""

import io

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having, lacking
from schemas.tables.reference import REFERENCE

SOURCE = "reference"
BOOLEANS = {"true": True, "false": False}
WORDS: dict[type[pl.DataType], str] = {
    pl.Boolean: "true or false",
    pl.Date: "day, as in 2025-12-31",
    pl.Float64: "number",
    pl.Int64: "whole number",
}


def table(name: str) -> Request:
    """Ask for one reference table by its name, which is also its file's."""
    return Request(SOURCE, "reference", name, f"{name}.csv")


def parse_table(payload: bytes, capture: Capture) -> Parsed:
    """Read a reference file into its table's columns, and `position`, the row from 0.

    Dates are ISO dates only: guessing would read 05/06/2006 as one day or the other.

    Raises:
        Refused: The file lacks a column, or a cell cannot be read as its column's type.
    """
    name = capture.request.subject
    file = f"warehouse/reference/{name}.csv"
    cells = read(payload, file)
    with having(columns := tuple(sorted(cells.columns))):
        return Parsed({name: typed(cells, column_types(name), file)}, columns)


def typed(table: pl.DataFrame, types: dict[str, type[pl.DataType]], file: str) -> pl.DataFrame:
    """Read cells as their columns' types, or refuse the file for what is missing or unreadable."""
    missing = [column for column in types if column not in table.columns]
    if missing:
        raise lacking(file, missing, table.columns)
    cells = table.with_row_index("position").cast({"position": pl.Int64})
    filled = cells.filter(pl.any_horizontal(pl.col(list(types)).is_not_null()))
    read_cells = filled.select("position", *(cell(column, types[column]) for column in types))
    must_be_read(filled, read_cells, types, file)
    return read_cells


def column_types(name: str) -> dict[str, type[pl.DataType]]:
    """Give the columns of a reference table with their types."""
    schema = next(schema for schema in REFERENCE if f"{name}.csv" == file_name(schema.__name__))
    return {column: spec.dtype.type for column, spec in schema.to_schema().columns.items()}


def read(payload: bytes, file: str) -> pl.DataFrame:
    """Read all cells as text; one left empty is null."""
    try:
        payload.decode("utf-8")
        return pl.read_csv(io.BytesIO(payload), infer_schema=False)
    except UnicodeDecodeError as error:
        line = payload[: error.start].count(b"\n") + 1
        raise Refused(f"{file}: line {line} is not UTF-8: save the file as UTF-8") from error
    except pl.exceptions.NoDataError as error:
        raise Refused(f"{file}: the file is empty; its first line must name the columns") from error
    except pl.exceptions.PolarsError as error:
        raise Refused(f"{file}: {str(error).splitlines()[0]}") from error


def cell(column: str, dtype: type[pl.DataType]) -> pl.Expr:
    """Read text as a column's type; what cannot be read is null."""
    if dtype == pl.Date:
        return pl.col(column).str.to_date("%Y-%m-%d", strict=False)
    if dtype == pl.Boolean:
        return pl.col(column).replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean)
    return pl.col(column).cast(dtype, strict=False)


def must_be_read(
    cells: pl.DataFrame, typed: pl.DataFrame, types: dict[str, type[pl.DataType]], file: str
) -> None:
    """Refuse a file for the first cell of a column that could not be read."""
    for column, dtype in types.items():
        unread = cells.filter(cells[column].is_not_null() & typed[column].is_null())
        if not unread.is_empty():
            position, text = unread.row(0, named=True)["position"], unread[column][0]
            raise Refused(
                f"{file}: line {position + 2}, column {column}: {text!r} is no {WORDS[dtype]}"
            )


def file_name(class_name: str) -> str:
    """FundGroups is kept in fund_groups.csv."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in class_name).lstrip("_") + ".csv"
