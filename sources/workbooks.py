"""XLSX workbooks, read as rows of text."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from functools import reduce

import polars as pl
import python_calamine

from schemas.capture import Capture, Refused
from sources.sniffing import sniff

LARGEST = 500_000_000  # bytes after decompression: a small file could hold terabytes of nothing
MOST_CELLS = 5_000_000  # the reader lays out all up to the last row and column, used or not
CELL = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,7})(\d{1,9})[\"']")
LETTERS = 26
WORKBOOK = "xl/workbook.xml"
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)

Rows = list[list[str]]


def sheet(payload: bytes, capture: Capture, *, wanted: Callable[[str], bool]) -> Rows:
    """Give the cells of the first sheet with a wanted name, as text.

    Numbers are written so that they are read back the same; days as ISO days; empty cells as "".

    Raises:
        Refused: It is no workbook, broken, too large, or has no such sheet.
    """
    sniff(payload, capture, wanted="xlsx")
    scope = capture.request.scope
    try:
        must_be_bounded(payload, capture)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(payload))
        name = next(filter(wanted, book.sheet_names), None)
        rows = None if name is None else book.get_sheet_by_name(name).to_python()
    except Refused:
        raise
    except Exception as error:
        told = " ".join(str(error).split())
        raise Refused(f"{scope}: broken or cut-off workbook ({told})") from error
    except BaseException as error:  # a panic of the reader's is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise Refused(f"{scope}: broken workbook ({error})") from error
    if rows is None:
        sheets = ", ".join(map(repr, book.sheet_names)) or "none"
        raise Refused(f"{scope}: the workbook has no such sheet, only {sheets}")
    return [[written(value) for value in row] for row in rows]


def must_be_bounded(payload: bytes, capture: Capture) -> None:
    """Refuse what grows without measure when it is unpacked."""
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        names = archive.namelist()
        size = sum(member.file_size for member in archive.infolist())
        if WORKBOOK not in names:
            raise Refused(f"{capture.request.scope}: a zip archive that is no XLSX workbook")
        if size > LARGEST:
            told = f"unpacked it would be {size:,} bytes"
            raise Refused(f"{capture.request.scope}: the workbook is too large: {told}")
        for name in filter(SHEET.match, names):
            must_be_close(archive.read(name), capture)


def must_be_close(markup: bytes, capture: Capture) -> None:
    """Refuse a sheet with a cell far away from the others."""
    cells = CELL.findall(markup)
    columns = {letters.upper() for letters, _ in cells}
    last_row = max((int(row) for _, row in cells), default=0)
    area = max(map(column_number, columns), default=0) * last_row
    if area > MOST_CELLS:
        told = f"its cells reach over {area:,} places"
        raise Refused(f"{capture.request.scope}: the workbook is too large: {told}")


def column_number(letters: bytes) -> int:
    """Give the number of a column from its letters: A is 1, AA is 27."""
    return reduce(lambda number, letter: number * LETTERS + letter - ord("A") + 1, letters, 0)


def written(value: object) -> str:
    """Write a cell as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 -- exact
        return str(int(value))
    return str(value)


def below_header(rows: Rows, column: str, capture: Capture) -> pl.DataFrame:
    """Read what stands below the header, which is the first row with a cell of this name."""
    scope = capture.request.scope
    start = next((n for n, row in enumerate(rows) if column in map(str.strip, row)), None)
    if start is None:
        raise Refused(f"{scope}: no header row: no cell says {column!r}")
    header = {at: name.strip() for at, name in enumerate(rows[start]) if name.strip()}
    must_be_distinct(list(header.values()), capture)
    columns = {
        name: pl.Series([row[at] for row in rows[start + 1 :]], dtype=pl.String)
        for at, name in header.items()
    }
    return pl.DataFrame(columns)


def must_be_distinct(names: list[str], capture: Capture) -> None:
    """Refuse a header that names a column twice: either could be meant."""
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        told = ", ".join(map(repr, sorted(twice)))
        raise Refused(f"{capture.request.scope}: a column is there twice: {told}")


def until_blank(table: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the rows above the first blank one; disclaimers are scattered below it.

    Raises:
        Refused: There is none, or a whole row below it: it would be lost.
    """
    scope, is_empty = capture.request.scope, pl.all().str.strip_chars() == ""
    blank = table.select(pl.all_horizontal(is_empty)).to_series().arg_true()
    end = table.height if blank.is_empty() else int(blank[0])
    if end == 0:
        raise Refused(f"{scope}: the table has no rows")
    if table[end:].select(pl.all_horizontal(~is_empty).any()).item():
        raise Refused(f"{scope}: the table goes on below a blank row, row {end} counted from 0")
    return table[:end]
