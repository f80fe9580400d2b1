"""Claims: an article's sentences, each with the query that answers it.

A claims file is TOML: `title`, `as_of` (the article's day), and for each claim `id`, `text` in our
own words, `unit`, and `query`, which returns at most one row with the columns `value`, `holds` and,
if it likes, `reason`. No row, or a null `holds`, means that it cannot be told.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from warehouse.asking import QueryError, ask

FOLDER = Path(__file__).parent
SILVER = FOLDER / "silver_2025_12_11.toml"
VERDICTS = {True: "holds", False: "does_not_hold", None: "cannot_be_told"}


class ClaimsError(Exception):
    """A claims file that cannot be read; the message is one line."""


class Answer(NamedTuple):
    """What became of a claim; `fault` is set where its query could not be run."""

    id: str
    text: str
    verdict: str
    value: float | None
    unit: str | None
    reason: str | None
    fault: str | None = None


def read(file: Path) -> dict[str, Any]:
    """Read a claims file.

    Raises:
        ClaimsError: There is no such file, it is no TOML, or a claim lacks what it needs.
    """
    try:
        article = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ClaimsError(f"{file}: cannot be read as a claims file ({error})") from error
    if not isinstance(article.get("as_of"), date | None):
        raise ClaimsError(f"{file}: as_of is no date")
    claims = article.get("claims")
    if not (isinstance(claims, list) and claims and all(isinstance(c, dict) for c in claims)):
        raise ClaimsError(f"{file}: there are no [[claims]] in it")
    for number, claim in enumerate(claims, start=1):
        lacking = [field for field in ("id", "text", "query") if not is_text(claim.get(field))]
        if lacking:
            raise ClaimsError(f"{file}: claim {number} lacks {', '.join(lacking)}")
    return article


def is_text(value: object) -> bool:
    """Tell text that says something."""
    return isinstance(value, str) and bool(value.strip())


def answers(warehouse: duckdb.DuckDBPyConnection, article: dict[str, Any]) -> list[Answer]:
    """Answer all claims of a file; the facts are computed once for all of them."""
    warehouse.execute("create or replace temporary table facts as select * from main.facts")
    try:
        return [answer(warehouse, claim) for claim in article["claims"]]
    finally:
        warehouse.execute("drop table temp.facts")


def answer(warehouse: duckdb.DuckDBPyConnection, claim: dict[str, Any]) -> Answer:
    """Answer one claim; a query that fails spoils its own answer only."""
    about = (claim["id"], claim["text"])
    unit = claim.get("unit")
    try:
        rows = ask(warehouse, claim["query"])
        wrong = complaint(rows)
    except QueryError as error:
        wrong = str(error)
    if wrong:
        return Answer(*about, "cannot_be_told", None, unit, None, fault=wrong)
    if rows.is_empty():
        return Answer(*about, "cannot_be_told", None, unit, "there is no data to tell it from")
    row = rows.row(0, named=True)
    value = None if row["value"] is None else float(row["value"])
    return Answer(*about, VERDICTS[row["holds"]], value, unit, row.get("reason"))


def complaint(rows: pl.DataFrame) -> str | None:
    """Say what is wrong with a claim's answer, if anything."""
    lacking = [column for column in ("value", "holds") if column not in rows.columns]
    if lacking:
        return f"its query gives no column {' and '.join(lacking)}, only {', '.join(rows.columns)}"
    if rows.height > 1:
        return f"its query gives {rows.height} rows; one is wanted"
    value, holds = (rows.schema[column] for column in ("value", "holds"))
    if not (value.is_numeric() or is_empty(rows["value"])):
        return f"its value is no number: {rows['value'][0]}"
    if not (holds == pl.Boolean or is_empty(rows["holds"])):
        return f"its holds is neither true nor false: {rows['holds'][0]}"
    return None


def is_empty(column: pl.Series) -> bool:
    """Tell a column without a value: an untyped null comes back as an integer."""
    return column.null_count() == len(column)
