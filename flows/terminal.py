"""What a person sees: tables, progress, errors. Data goes to stdout, the rest to stderr."""

import io
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

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
    """Send our own lines to stderr, and nobody else's unless debugging."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("silverstreak", "flows", "sources", "warehouse"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False


def counted(number: int, noun: str) -> str:
    """Write "1 row", "2 rows", "1,000 rows"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def complain(message: str) -> None:
    """Say what went wrong, in one line on stderr."""
    sys.stderr.write(f"silverstreak: {message}\n")


def show(frame: pl.DataFrame, title: str | None = None) -> None:
    """Print a frame as a table; a long one is cut, and says so."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for name, kind in frame.schema.items():
        table.add_column(Text(name), justify="right" if kind.is_numeric() else "left")
    for row in frame.head(MOST_ROWS).iter_rows():
        table.add_row(*(Text(cell(value)) for value in row))
    console().print(table)
    if frame.height > MOST_ROWS:
        console().print(f"{frame.height - MOST_ROWS} more rows: use --format csv")


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
