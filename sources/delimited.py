"""Comma-separated tables: read as text, whole, or refused."""

import io
from collections.abc import Sequence

import polars as pl

from schemas.capture import Capture, Refused
from sources.documents import numbered


def read(lines: Sequence[str], capture: Capture) -> pl.DataFrame:
    """Read a header and its rows as text, quotes honoured; an empty field is null.

    Raises:
        Refused: Quotes and commas do not add up, or a row is longer than the header.
    """
    try:
        table = pl.read_csv(io.StringIO("\n".join(lines)), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise Refused(f"{capture.request.scope}: the table cannot be read: {reason}") from error
    if table.height != len(lines) - 1:
        told = f"{len(lines) - 1} lines make {table.height} rows"
        raise Refused(f"{capture.request.scope}: the table's quotes are broken: {told}")
    return table


def rows(text: str, capture: Capture) -> pl.DataFrame:
    """Read a document that is one table from its first line on, and number its rows.

    A document that is there twice, or ends within a line, is refused: the next will be whole.

    Raises:
        Refused: It is cut off, there twice, has no rows, or cannot be read.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    scope = capture.request.scope
    if lines.count(lines[0]) > 1:
        raise Refused(f"{scope}: the document is there twice")
    if lines[-1].strip():
        raise Refused(f"{scope}: the document ends within a line: cut off")
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) <= 1:
        raise Refused(f"{scope}: the table has no rows")
    return numbered(read(lines, capture))
