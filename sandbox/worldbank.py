"""The World Bank's workbook of monthly prices, in its layout since 2025, and the page linking it.

The commodities beside the metals are there for the layout; their numbers are invented here.
"""

import io
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import polars as pl
import xlsxwriter

from sandbox.answers import Answer, Question
from sandbox.market import Market, published, visible

EDITION = "74e8be41ceb20fa0da750cda2f6b9e4e-0050012026"
FILE = "CMO-Historical-Data-Monthly.xlsx"
PATH = f"/en/doc/{{edition}}/related/{FILE}"
PAGE = "/en/research/commodity-markets"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML = "text/html; charset=utf-8"
NOT_FOUND = b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>\n"
LINKING = (
    "<!DOCTYPE html>\n<html><head><title>Commodity Markets</title></head><body>"
    '<a href="https://thedocs.worldbank.org/en/doc/{0}/related/CMO-Historical-Data-Annual.xlsx">'
    "Annual prices</a>"
    '<a href="https://thedocs.worldbank.org/en/doc/{0}/related/{1}">Monthly prices</a>'
    "</body></html>\n"
)

TITLES = (
    "World Bank Commodity Price Data (The Pink Sheet)",
    "monthly prices in nominal US dollars, 1960 to present",
    "(monthly series are available only in nominal US dollars)",
)
OTHERS: dict[
    str, tuple[str, float, int]
] = {  # as written, blanks and stars: unit, level, first year
    "Crude oil, average": ("($/bbl)", 60, 1960),
    "Coal, South African **": ("($/mt)", 90, 2014),
    "Rice, Thai 5% ": ("($/mt)", 400, 1960),
    "Urea ": ("($/mt)", 300, 1960),
    "Rubber, TSR20 **": ("($/kg)", 1.5, 2010),
}
METALS = ("Gold", "Platinum", "Silver")
PER_OUNCE = "($/troy oz)"
MISSING = "\u2026"
LAST_USED = 88  # the used range is wider than the data: to column CK

Months = tuple[date, ...]
Column = tuple[float | None, ...]


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"monthly_averages": [metal for metal in METALS if metal in market.averages]}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Serve the one workbook there is; it has moved away from where older editions were."""
    known = [
        published(rows, now).with_columns(name=pl.lit(name))
        for name, rows in market.averages.items()
        if name in METALS
    ]
    rows = pl.concat(known) if known else pl.DataFrame()
    if EDITION not in question.path or rows.is_empty():
        return Answer(NOT_FOUND, HTML, 404)
    newest = rows.filter(pl.col("date") == pl.col("date").max())
    updated: datetime = newest["published_at"].max()  # type: ignore[assignment]  # of instants
    months = tuple(rows["date"].unique().sort())
    metals = tuple(column(market, now, metal, months) for metal in METALS)
    headers = {"content-disposition": f"attachment; filename={FILE}"}
    return Answer(workbook(updated.date(), months, metals), XLSX, headers=headers)


def column(market: Market, now: datetime, metal: str, months: Months) -> Column:
    """Return a metal's averages of these months, none where there is none."""
    if metal not in market.averages:
        return (None,) * len(months)
    known = visible(market.averages[metal], now)
    averages = dict(zip(known["date"], known["average"], strict=True))
    return tuple(averages.get(month) for month in months)


@lru_cache(maxsize=4)
def workbook(updated: date, months: Months, metals: tuple[Column, ...]) -> bytes:
    """Write the edition of a month, once: its bytes are the same each time."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2025, 1, 1, tzinfo=UTC)})
        book.add_worksheet("AFOSHEET").hide()
        sheet = book.add_worksheet("Monthly Prices")
        sheet.activate()
        sheet.set_first_sheet()
        sheet.write_blank(4, LAST_USED, None, book.add_format({"bold": True}))
        for number, row in enumerate(rows_of(updated, months, metals)):
            sheet.write_row(number, 0, row)
        for name in ("Monthly Indices", "Description", "Index Weights"):
            book.add_worksheet(name)
    return file.getvalue()


def rows_of(updated: date, months: Months, metals: tuple[Column, ...]) -> list[tuple[object, ...]]:
    """Return the cells of the sheet: titles, stamp, names, units and a row for each month."""
    columns = [*(invented(months, level, year) for _, level, year in OTHERS.values()), *metals]
    prices = (tuple(MISSING if v is None else v for v in row) for row in zip(*columns, strict=True))
    return [
        *((title,) for title in TITLES),
        (f"Updated on {updated:%B %d, %Y}",),
        ("", *OTHERS, *METALS),
        ("", *(unit for unit, *_ in OTHERS.values()), *(PER_OUNCE for _ in METALS)),
        *((f"{m.year}M{m.month:02}", *row) for m, row in zip(months, prices, strict=True)),
    ]


def invented(months: Months, level: float, first_year: int) -> Column:
    """Return made-up prices that swing around a level from some year on."""
    swings = level * (1 + 0.2 * np.sin(np.arange(len(months)) / 9))
    return tuple(
        round(float(price), 4) if month.year >= first_year else None
        for month, price in zip(months, swings, strict=True)
    )


def page(market: Market, now: datetime, question: Question) -> Answer:
    """Serve the page with the current link, to browsers only."""
    del market, now
    if not question.from_a_browser:
        return Answer(NOT_FOUND.replace(b"404", b"403"), HTML, 403)
    return Answer(LINKING.format(EDITION, FILE).encode(), HTML)


ROUTES = {PATH: answer, PAGE: page}
