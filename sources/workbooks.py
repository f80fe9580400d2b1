"""XLSX workbooks, read as rows of text."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import python_calamine

from schemas.capture import Capture, Refused
from sources.sniffing import sniff

LARGEST = 500_000_000  # bytes after decompression: a small file could hold terabytes of nothing

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
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST:
        told = f"unpacked it would be {size:,} bytes"
        raise Refused(f"{capture.request.scope}: the workbook is too large: {told}")


def written(value: object) -> str:
    """Write a cell as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 -- exact
        return str(int(value))
    return str(value)
