"""iShares' workbook: SpreadsheetML 2003 as served, which is not well-formed XML.

Two byte order marks, bare ampersands and a literal <strong> pair are part of the format.
"""

from collections.abc import Iterable
from datetime import date
from html import escape
from typing import Any

import polars as pl

BOM = "\ufeff"
HOLDINGS = {
    "ticker": "Ticker",
    "name": "Name",
    "sector": "Sector",
    "asset_class": "Asset Class",
    "market_value": "Market Value",
    "weight": "Weight (%)",
    "notional_value": "Notional Value",
    "quantity": "Shares",
    "price": "Price",
    "location": "Location",
    "exchange": "Exchange",
    "currency": "Currency",
    "fx_rate": "FX Rate",
    "accrual_date": "Accrual Date",
}
HISTORICAL = ("As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding")
DISTRIBUTIONS = (
    "Record Date",
    "Ex-Date",
    "Payable Date",
    "Total Distribution",
    "Income",
    "ST Cap Gains",
    "LT Cap Gains",
    "Return of Capital",
)
FOOTER = "Past performance does not guarantee future results. Served by a sandbox."
STYLES = """\
<ss:Styles>
<ss:Style ss:ID="Default">
<ss:Alignment ss:Horizontal="Left"/>
</ss:Style>
<ss:Style ss:ID="disclaimer">
<ss:Alignment ss:Vertical="Top" ss:WrapText="1"/>
</ss:Style>
<ss:Style ss:ID="DefaultHyperlink">
<ss:Alignment ss:Vertical="Center" ss:WrapText="1"/>
<ss:Font ss:Color="#0000FF" ss:Underline="Single" />
</ss:Style>
<ss:Style ss:ID="headerstyle">
<ss:Font ss:Bold="1" />
</ss:Style>
<ss:Style ss:ID="Left">
<ss:Alignment ss:Horizontal="Left"/>
<ss:NumberFormat ss:Format="Standard"/>
</ss:Style>
<ss:Style ss:ID="Right">
<ss:Alignment ss:Horizontal="Right"/>
<ss:NumberFormat ss:Format="Standard"/>
</ss:Style>
</ss:Styles>"""
DISCLAIMERS = """\
<ss:Worksheet ss:Name="Disclaimers">
<ss:Table>
<ss:Row ss:Height="80">
<ss:Cell ss:StyleID="disclaimer" ss:MergeAcross="6">
<ss:Data ss:Type="String">The content herein is served by a sandbox, for testing.</ss:Data>
</ss:Cell>
</ss:Row>
<ss:Row ss:Height="80">
<ss:Cell ss:StyleID="disclaimer" ss:MergeAcross="6">
<ss:Data ss:Type="String">
<strong>THE PERFORMANCE QUOTED REPRESENTS NONE AND GUARANTEES NONE.</strong></ss:Data>
</ss:Cell>
</ss:Row>
<ss:Row ss:Height="80">
<ss:Cell ss:StyleID="DefaultHyperlink" ss:MergeAcross="6" \
ss:HRef="https://sandbox.example/us/products#!type=ishares&style=All&view=quarterlyPerfNav" >
<ss:Data ss:Type="String">For standardized performance, click here. </ss:Data>
</ss:Cell>
</ss:Row>
<ss:Row ss:Height="80">
<ss:Cell ss:StyleID="disclaimer" ss:MergeAcross="6">
<ss:Data ss:Type="String">
The Funds are not promoted by Cohen & Steers, S&P Dow Jones or any other (“EPRA® ”).</ss:Data>
</ss:Cell>
</ss:Row>
</ss:Table>
</ss:Worksheet>"""


def document(sheets: Iterable[str]) -> bytes:
    """Join the worksheets after the disclaimers; no newline ends the file."""
    opening = '<?xml version="1.0"?>'
    workbook = '<ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    parts = [opening, workbook, STYLES, DISCLAIMERS, *sheets, "</ss:Workbook>"]
    return (BOM * 2 + "\n".join(parts)).encode()


def historical(rows: pl.DataFrame) -> str:
    """Write NAV and shares, newest first, with a legal row below the last one."""
    newest_first = rows.select("date", "nav", "shares_outstanding").reverse()
    body = (
        row(left(f"{day:%b %d, %Y}"), value(nav), left("--"), value(shares))
        for day, nav, shares in newest_first.iter_rows()
    )
    return sheet("Historical", [header(*HISTORICAL), *body, row(left(FOOTER))])


def performance(name: str, rows: pl.DataFrame) -> str:
    """Write the monthly return of the NAV in percent, oldest first."""
    months = rows.group_by(pl.col("date").dt.month_end(), maintain_order=True).agg(
        pl.col("nav").last(),
    )
    returns = months.with_columns(percent=(pl.col("nav").pct_change() * 100).round(2)).drop_nulls()
    body = (
        row(left(f"{day:%b %d, %Y}"), value(percent))
        for day, percent in returns.select("date", "percent").iter_rows()
    )
    title = [header(name), "<ss:Row/>", header("Month End Date", "Monthly Total (NAV) Return")]
    return sheet("Performance", [*title, *body])


def holdings(name: str, inception: date, rows: pl.DataFrame, shares: int | None) -> str:
    """Write the positions of the newest day; the count of shares is text with commas here."""
    as_of = None if rows.is_empty() else rows["date"][0]
    securities = 0 if rows.is_empty() else (rows["asset_class"] == "Equity").sum()
    title = [
        row(left("--" if as_of is None else f"{as_of:%d-%b-%Y}")),
        row(left(name)),
        row(plain("Inception Date"), left(f"{inception:%b %d, %Y}")),
        row(plain("Fund Holdings as of"), left("--" if as_of is None else f"{as_of:%b %d, %Y}")),
        row(
            plain("Number of Securities (excluding cash and derivatives)"),
            right(f"{securities:,.2f}"),
        ),
        row(plain("Shares Outstanding"), right("--" if shares is None else f"{shares:,.2f}")),
        row(plain("")),
        header(*HOLDINGS.values()),
    ]
    return sheet("Holdings", [*title, *(position(entry) for entry in rows.iter_rows(named=True))])


def position(entry: dict[str, Any]) -> str:
    """Write one holding: names escaped, weights of 5 decimals."""
    rounded = entry | {"weight": round(entry["weight"], 5)}
    return row(*(value(rounded[key]) for key in HOLDINGS))


def distributions() -> str:
    """Write the sheet of distributions, which has none."""
    return sheet("Distributions", [header(*DISTRIBUTIONS)])


def sheet(name: str, rows: Iterable[str]) -> str:
    """Wrap rows in a named worksheet."""
    body = "\n".join(rows)
    return f'<ss:Worksheet ss:Name="{name}">\n<ss:Table>\n{body}\n</ss:Table>\n</ss:Worksheet>'


def row(*cells: str) -> str:
    """Wrap cells in a row."""
    return "<ss:Row>\n" + "\n".join(cells) + "\n</ss:Row>"


def header(*titles: str) -> str:
    """Write a row of bold cells; ampersands stay bare."""
    return row(*(cell(title, "String", ' ss:StyleID="headerstyle"') for title in titles))


def value(content: str | float | None) -> str:
    """Write a number, a text, or two dashes for what is missing."""
    if content is None:
        return left("--")
    if isinstance(content, str):
        return left("--" if content == "-" else escape(content, quote=False))
    digits = repr(int(content)) if content == int(content) else repr(content)
    return cell(digits, "Number", ' ss:StyleID="Right"')


def left(text: str) -> str:
    """Write a text cell."""
    return cell(text, "String", ' ss:StyleID="Left"')


def right(text: str) -> str:
    """Write a number that is served as text."""
    return cell(text, "String", ' ss:StyleID="Right"')


def plain(text: str) -> str:
    """Write a cell without a style."""
    return cell(text, "String", "")


def cell(text: str, kind: str, style: str) -> str:
    """Write a cell as it is: escaping is the caller's choice, since the issuer forgets it."""
    return f'<ss:Cell{style}>\n<ss:Data ss:Type="{kind}">{text}</ss:Data>\n</ss:Cell>'
