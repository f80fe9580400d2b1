"""iShares' holdings CSV: BOM, LF, lines of U+00A0, quoted numbers with commas, a legal text."""

from datetime import date
from typing import Any

import polars as pl

BOM, BLANK = "\ufeff", "\u00a0"
BEFORE_PRICE = {
    "ticker": "Ticker",
    "name": "Name",
    "sector": "Sector",
    "asset_class": "Asset Class",
    "market_value": "Market Value",
    "weight": "Weight (%)",
    "notional_value": "Notional Value",
    "quantity": "Quantity",
}
PRICED = {
    "price": "Price",
    "location": "Location",
    "exchange": "Exchange",
    "currency": "Currency",
    "fx_rate": "FX Rate",
}
AFTER_PRICE = {"market_currency": "Market Currency", "accrual_date": "Accrual Date"}
COIN_COLUMNS = BEFORE_PRICE | AFTER_PRICE
EQUITY_COLUMNS = BEFORE_PRICE | PRICED | AFTER_PRICE
COIN_DECIMALS = 5
LEGAL = """\
"The content contained herein is served by a sandbox and belongs to nobody, its owners included. \
It is for testing only. Accordingly, you may not invest, distribute, frame or rely on it.
Holdings subject to change. See the sandbox's address for the most recent ones.
The values for “price” shown herein represent a price provided by nobody (“the vendor price”), \
as of the most recent practicable date, which may not be the date shown above.
CAREFULLY CONSIDER THE FUNDS' INVESTMENT OBJECTIVES, RISK FACTORS, AND CHARGES BEFORE INVESTING. \
INVESTING INVOLVES RISK, INCLUDING POSSIBLE LOSS OF PRINCIPAL.
This material is strictly for illustrative purposes, and is subject to change.
The Funds are not sponsored, endorsed, issued, sold or promoted by any index provider (“EPRA® ”).
© The sandbox. All names are those of their respective owners.\""""


def empty(name: str, inception: date, kind: str) -> bytes:
    """Write the template of a day without data."""
    columns = COIN_COLUMNS if kind == "coin" else EQUITY_COLUMNS
    return document([*head(name, inception, "-", "-"), ",".join(columns.values())])


def filled(name: str, inception: date, rows: pl.DataFrame, shares: int | None) -> bytes:
    """Write the positions of one day; coins have no price columns and quantities of 5 decimals."""
    coins = "price" not in rows.columns
    columns = COIN_COLUMNS if coins else EQUITY_COLUMNS
    as_of = f"{rows['date'][0]:%b %d, %Y}"
    lines = [
        line(row, columns, COIN_DECIMALS if coins else 2) for row in rows.iter_rows(named=True)
    ]
    count = "-" if shares is None else f"{shares:,.2f}"
    return document([*head(name, inception, as_of, count), ",".join(columns.values()), *lines])


def head(name: str, inception: date, as_of: str, shares: str) -> list[str]:
    """Return the lines above the table."""
    return [
        name,
        f'Fund Holdings as of,"{as_of}"',
        f'Inception Date,"{inception:%b %d, %Y}"',
        f'Shares Outstanding,"{shares}"',
        *(f'{kind},"-"' for kind in ("Stock", "Bond", "Cash", "Other")),
        BLANK,
    ]


def line(row: dict[str, Any], columns: dict[str, str], quantity_decimals: int) -> str:
    """Write one position, every cell quoted."""
    decimals = {"quantity": quantity_decimals}
    return ",".join(f'"{cell(row[key], decimals.get(key, 2))}"' for key in columns)


def cell(value: object, decimals: int) -> str:
    """Write a number with commas, a missing value as a dash."""
    if value is None:
        return "-"
    return f"{value:,.{decimals}f}" if isinstance(value, float) else str(value)


def document(lines: list[str]) -> bytes:
    """Join the lines with the legal text, which has no newline after it."""
    return (BOM + "\n".join([*lines, BLANK, LEGAL])).encode()
