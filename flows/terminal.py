"""What a person sees: tables, progress, errors. Data goes to stdout, the rest to stderr."""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from flows import alive

if TYPE_CHECKING:
    from warehouse.claims import Answer

Format = Literal["table", "csv", "json", "parquet"]

MOST_ROWS = 500
WIDE = 240

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


def show(frame: pl.DataFrame, title: str | None = None, *, is_light: bool = False) -> None:
    """Print a frame as a table, a light one without lines; a long one is cut, and says so.

    Where the terminal is too narrow, text goes on in the next line; nothing of it is left out.
    """
    table = Table(title=title, title_justify="left", header_style="bold")
    if is_light:
        table.box, table.padding, table.title_style = None, (0, 2, 0, 0), "bold"
    for name, kind in frame.schema.items():
        side: Literal["left", "right"] = "right" if kind.is_numeric() else "left"
        is_whole = kind.is_numeric() or kind == pl.Date
        table.add_column(Text(name), justify=side, no_wrap=is_whole, overflow="fold")
    for row in frame.head(MOST_ROWS).iter_rows():
        table.add_row(*(Text(cell(value)) for value in row))
    console().print(table)
    if frame.height > MOST_ROWS:
        console().print(f"{frame.height - MOST_ROWS} more rows: use --format csv")


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


def write(frame: pl.DataFrame, form: Format, output: Path | None) -> None:
    """Write a frame in a format, to a file or to stdout.

    Raises:
        ValueError: The format cannot be written to a terminal, or not with these columns.
    """
    if form == "table" and output is None:
        show(frame)
        return
    if form == "parquet" and output is None:
        raise ValueError("parquet needs a file: add --output FILE")
    body = encoded(frame, form)
    if output is None:
        sys.stdout.write(body.decode())
    else:
        output.write_bytes(body)


def encoded(frame: pl.DataFrame, form: Format) -> bytes:
    """Encode a frame."""
    buffer = io.BytesIO()
    match form:
        case "parquet":
            frame.write_parquet(buffer)
        case "json":
            frame.write_json(buffer)
            buffer.write(b"\n")
        case "csv":
            flat(frame).write_csv(buffer)
        case "table":
            text = Console(file=(wrapper := io.TextIOWrapper(buffer)), width=WIDE)
            text.print(frame)
            wrapper.flush()
    return buffer.getvalue()


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists as text, which CSV needs."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(
        pl.col(name).cast(pl.List(pl.String)).list.join("; ") for name in lists
    )


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
