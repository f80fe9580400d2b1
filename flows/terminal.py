"""What a person sees: tables, progress, errors. Data goes to stdout, the rest to stderr."""

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl
import polars.selectors as cs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from flows import alive

if TYPE_CHECKING:
    from warehouse.claims import Answer

Format = Literal["table", "csv", "json", "parquet", "xlsx"]

# Some screens full: what is longer is for a pager or a file.
MOST_ROWS = 100
WIDE = 240
SHEET_ROWS = 1_048_575
"""What a sheet of Excel holds below its header."""
CELL_CHARACTERS = 32_767
EXCEL_BEGINS = date(1900, 3, 1)
"""Excel takes 1900 for a leap year, and knows no day before it."""

log = logging.getLogger("silverstreak")


def console() -> Console:
    """Write to stdout, as wide as the terminal, or wide where there is none."""
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def begin_logging(*, debug: bool) -> None:
    """Send our own lines to stderr, and nobody else's unless debugging.

    They are objects, one a line, if SILVERSTREAK_LOG is json.
    """
    handler = logging.StreamHandler()
    handler.name = log.name
    handler.addFilter(with_run)
    handler.setFormatter(as_objects() if is_structured() else logging.Formatter("%(message)s"))
    for name in ("silverstreak", "flows", "sources", "warehouse"):
        logger = logging.getLogger(name)
        logger.handlers = [*(other for other in logger.handlers if other.name != log.name), handler]
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False


def is_structured() -> bool:
    """Say whether lines are to be objects: the settings say so too late for the first ones."""
    return os.environ.get("SILVERSTREAK_LOG") == "json"


def as_objects() -> logging.Formatter:
    """Write time, level, logger, message and run as an object of JSON."""
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415 -- few want it

    names = {"levelname": "level", "name": "logger"}
    fields = "{levelname}{name}{message}"
    return JsonFormatter(fields, style="{", rename_fields=names, timestamp="time")


def with_run(line: logging.LogRecord) -> bool:
    """Name the run that a line is about, if there is one."""
    if run := alive.CURRENT.get():
        line.run = run
    return True


def counted(number: int, noun: str) -> str:
    """Write "1 row", "2 rows", "1,000 rows"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


@contextmanager
def progress(total: int, noun: str) -> Iterator[Callable[[int, str], None]]:
    """Show how far long work is, as `show(done, where)` tells: a bar on a terminal, else lines."""
    if not sys.stderr.isatty():
        yield lambda done, at: log.info("%s: %s of %s", at, f"{done:,}", counted(total, noun))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, at: bar.update(task, completed=done, description=at)


def complain(message: str) -> None:
    """Say what went wrong, in one line on stderr."""
    if is_structured():
        log.error(message)
    else:
        sys.stderr.write(f"silverstreak: {message}\n")


def tell_of_run(message: str, run: str) -> None:
    """Say what becomes of a run, in a line on stderr, also in a process of the run's own."""
    if is_structured():
        if not log.handlers:
            begin_logging(debug=False)
        log.info(message, extra={"run": run})
    else:
        sys.stderr.write(f"{datetime.now(UTC):%F %T} UTC {message}\n")
        sys.stderr.flush()


def is_cut(form: Format, output: Path | None) -> bool:
    """Say whether only the first rows are shown: as a table on a terminal, nowhere else."""
    return form == "table" and output is None and sys.stdout.isatty()


def show(frame: pl.DataFrame, title: str | None = None, *, is_light: bool = False) -> None:
    """Print a frame as a table, a light one without lines; on a terminal a long one is cut.

    Where the terminal is too narrow, text goes on in the next line; nothing of it is left out.
    """
    most = MOST_ROWS if is_cut("table", None) else frame.height
    console().print(table(frame.head(most), title, is_light=is_light))
    if frame.height > most:
        told = "for all add `| less -S`, or another --format"
        console().print(f"only the first {most} rows are shown: {told}")


def table(frame: pl.DataFrame, title: str | None = None, *, is_light: bool = False) -> Table:
    """Lay a frame out as a table."""
    made = Table(title=title, title_justify="left", header_style="bold")
    if is_light:
        made.box, made.padding, made.title_style = None, (0, 2, 0, 0), "bold"
    for name, kind in frame.schema.items():
        side: Literal["left", "right"] = "right" if kind.is_numeric() else "left"
        is_whole = kind.is_numeric() or kind == pl.Date
        made.add_column(Text(name), justify=side, no_wrap=is_whole, overflow="fold")
    for row in frame.iter_rows():
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def span(seconds: float) -> str:
    """Write a time in its unit: "13 s", "5 min", "30 h", "4 d"."""
    minutes, hours, days = seconds / 60, seconds / 3600, seconds / 86400
    if minutes < 2:  # noqa: PLR2004 -- two of a unit are told in the next smaller one
        return f"{seconds:.0f} s"
    if hours < 2:  # noqa: PLR2004 -- the same
        return f"{minutes:.0f} min"
    return f"{hours:.0f} h" if days < 2 else f"{days:,.0f} d"  # noqa: PLR2004 -- the same


def cell(value: object) -> str:
    """Write one value."""
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"  # noqa: PLR2004 -- a million
        case list():
            return "; ".join(map(str, value))
        case _:
            return str(value)


def write(frame: pl.DataFrame, form: Format, output: Path | None, note: str = "") -> None:
    """Write a frame in a format, to a file or to stdout.

    What a person reads bears the note: a table below its rows, a workbook as its sheet's name. A
    table is drawn on a terminal; elsewhere each row is one line, for a pager and for grep.

    Raises:
        ValueError: The format needs a file, or cannot hold so many rows.
    """
    if is_cut(form, output):
        show(frame)
        if note:
            console().print(note)
        return
    if form in {"parquet", "xlsx"} and output is None:
        raise ValueError(f"{form} needs a file: add --output FILE")
    body = encoded(frame, form, note)
    if output is None:
        sys.stdout.write(body.decode())
    else:
        output.write_bytes(body)


def encoded(frame: pl.DataFrame, form: Format, note: str = "") -> bytes:
    """Encode a frame, with all its rows."""
    buffer = io.BytesIO()
    match form:
        case "parquet":
            frame.write_parquet(buffer)
        case "json":
            frame.write_json(buffer)
            buffer.write(b"\n")
        case "csv":
            flat(frame).write_csv(buffer)
        case "xlsx":
            write_workbook(frame, buffer, note)
        case "table":
            buffer.writelines(f"{line}\n".encode() for line in (*lines(frame), note) if line)
    return buffer.getvalue()


def lines(frame: pl.DataFrame) -> Iterator[str]:
    """Write a frame as aligned columns, a row a line; to draw a large one would take minutes."""
    rows = zip(*map(aligned, frame), strict=True)
    yield from ("  ".join(row).rstrip() for row in rows)


def aligned(column: pl.Series) -> list[str]:
    """Write a column's name and values as wide as the widest, numbers to the right."""
    told = [column.name, *(cell(value).replace("\n", " ") for value in column.to_list())]
    width = max(map(len, told))
    justify = str.rjust if column.dtype.is_numeric() else str.ljust
    return [justify(text, width) for text in told]


def write_workbook(frame: pl.DataFrame, buffer: io.BytesIO, note: str) -> None:
    """Write a sheet of Excel, named by the note: instants as UTC, lists as text, numbers whole.

    Excel has no time zones, so its cells say UTC themselves; what it has no days for is text.
    """
    zoned = cs.datetime(time_zone="*")
    instants = tuple(frame.select(zoned).columns)
    sheet = flat(dated(frame.with_columns(zoned.dt.replace_time_zone(None))))
    refuse_what_excel_would_cut(sheet)
    sheet.write_excel(
        buffer,
        note or "answer",
        column_formats={instants: 'yyyy-mm-dd hh:mm:ss "UTC"', cs.numeric(): "General"},
        autofit=True,
        freeze_panes=(1, 0),
    )


def refuse_what_excel_would_cut(sheet: pl.DataFrame) -> None:
    """Let a frame pass that a sheet can hold.

    Raises:
        ValueError: It has too many rows, or too long a text.
    """
    lengths = sheet.select(cs.string().str.len_chars().max())
    longest = max((column.item() or 0 for column in lengths), default=0)
    for held, wanted, what in (
        (SHEET_ROWS, sheet.height, "a sheet of Excel holds {} rows"),
        (CELL_CHARACTERS, longest, "a cell of Excel holds {} characters"),
    ):
        if wanted > held:
            told = f"{what.format(f'{held:,}')}, and here are {wanted:,}"
            raise ValueError(f"{told}: use --format parquet or csv")


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Write the columns as text that have a day before Excel's first."""
    days = frame.select(cs.date(), cs.datetime()).select(pl.all().min().cast(pl.Date))
    early = [column.name for column in days if column.item() and column.item() < EXCEL_BEGINS]
    return frame.with_columns(pl.col(early).cast(pl.String))


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists as text, and what is nested deeper as JSON: CSV and Excel know neither."""
    nested = [column for column in frame if column.dtype.is_nested()]
    return frame.with_columns(map(as_text, nested))


def as_text(column: pl.Series) -> pl.Series:
    """Write a column of lists as "a; b", one of anything nested deeper as JSON."""
    if isinstance(column.dtype, pl.List) and not column.dtype.inner.is_nested():
        return column.cast(pl.List(pl.String)).list.join("; ")
    told = [None if value is None else json.dumps(value, default=str) for value in column.to_list()]
    return pl.Series(column.name, told, pl.String)


def show_claims(answers: "list[Answer]", title: str) -> None:
    """Print claims with their verdicts."""
    show(
        pl.DataFrame(
            {
                "id": [answer.id for answer in answers],
                "claim": [answer.text for answer in answers],
                "verdict": [answer.verdict.replace("_", " ") for answer in answers],
                "value": [
                    "" if answer.value is None else f"{cell(answer.value)} {answer.unit or ''}"
                    for answer in answers
                ],
                "reason": [answer.fault or answer.reason for answer in answers],
            }
        ),
        title,
    )
