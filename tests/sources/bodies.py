"""Synthetic bodies in the providers' wire formats; no value in here was ever served."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from schemas.capture import Capture, Request
from sources import ishares, yahoo

KNOWN_AT = datetime(2030, 7, 9, 12, tzinfo=UTC)  # a Tuesday
BOM = "\ufeff"
BLANK = "\u00a0"
PAGE = "<!DOCTYPE html>\n<html><head><title>Acme Trust</title></head><body>Overview</body></html>"

Row = Sequence[float | None]
PRICES = ("open", "high", "low", "close", "volume", "adjclose")


def kept(request: Request, known_at: datetime = KNOWN_AT) -> Capture:
    """Capture an answer to the request."""
    return Capture(request=request, known_at=known_at, sha256="0" * 64)


def asked_quotes(symbol: str = "ACM", known_at: datetime = KNOWN_AT) -> Capture:
    """Ask Yahoo for July 2030."""
    return kept(yahoo.quotes("ACM", symbol, date(2030, 7, 1), date(2030, 7, 9)), known_at)


def asked_valuations(name: str = "Acme Silver Trust") -> Capture:
    """Ask iShares for a workbook."""
    return kept(ishares.valuations("ACS", "123456", name))


def asked_holdings(name: str = "Acme Silver Trust", as_of: date = date(2030, 7, 8)) -> Capture:
    """Ask iShares for holdings."""
    return kept(ishares.holdings("ACS", "123456", name, as_of))


def stamp(day: date, at: time = time(9, 30), zone: str = "America/New_York") -> int:
    """Give the unix seconds of a local time."""
    return int(datetime.combine(day, at, ZoneInfo(zone)).timestamp())


BARS: dict[int, Row] = {
    stamp(date(2030, 7, 1)): (10.5, 11.5, 10.0, 11.0, 1_000, 10.75),
    stamp(date(2030, 7, 2)): (11.0, 12.0, 10.5, 11.5, 2_000, 11.25),
    stamp(date(2030, 7, 3)): (11.5, 12.5, 11.0, 12.0, 3_000, 11.75),
    stamp(date(2030, 7, 5)): (12.0, 13.0, 11.5, 12.5, 4_000, 12.25),
    stamp(date(2030, 7, 8)): (12.5, 13.5, 12.0, 13.0, 5_000, 12.75),
}


def chart(
    bars: Mapping[int, Row] | Sequence[tuple[int, Row]] = tuple(BARS.items()),
    *,
    events: Mapping[str, Any] | None = None,
    **meta: Any,
) -> dict[str, Any]:
    """Build Yahoo's answer; `meta` replaces facts of `meta`."""
    rows = list(bars.items()) if isinstance(bars, Mapping) else list(bars)
    arrays = {name: [row[n] for _, row in rows] for n, name in enumerate(PRICES)}
    adjclose = arrays.pop("adjclose")
    told = {
        "currency": "USD",
        "symbol": "ACM",
        "gmtoffset": -14400,
        "exchangeTimezoneName": "America/New_York",
        "priceHint": 2,
        "dataGranularity": "1d",
        **meta,
    }
    result: dict[str, Any] = {
        "meta": told,
        "timestamp": [at for at, _ in rows],
        "indicators": {"quote": [arrays], "adjclose": [{"adjclose": adjclose}]},
    }
    if events is not None:
        result["events"] = events
    return {"chart": {"result": [result], "error": None}}


def result(document: dict[str, Any]) -> dict[str, Any]:
    """Give the part of an answer that is about the symbol."""
    found: dict[str, Any] = document["chart"]["result"][0]
    return found


def period(start: int, end: int) -> dict[str, Any]:
    """Build `currentTradingPeriod`."""
    return {"regular": {"timezone": "EDT", "start": start, "end": end, "gmtoffset": -14400}}


def as_json(document: object) -> bytes:
    """Write JSON as Yahoo does: Infinity and NaN included."""
    return json.dumps(document, separators=(",", ":")).encode()


HISTORICAL = ("As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding")
DAYS = (
    ("Jul 08, 2030", 25.125, "--", 1_500_000),
    ("Jul 05, 2030", 25.0, "--", 1_450_000),
    ("Jul 03, 2030", 24.875, 0.25, 1_450_000),
    ("Jul 02, 2030", 24.75, "--", "--"),
    ("Jul 01, 2030", 24.5, "--", 1_400_000.0),
    ("Jun 28, 2030", 24.25, "--", 1_400_000),
)
FOOTER = ("The data are for S&P readers only; &copy; nobody.",)


def cell(value: object) -> str:
    """Write one cell as the issuer does."""
    of_type = "Number" if isinstance(value, int | float) else "String"
    return (
        f'<ss:Cell ss:StyleID="Left">\n<ss:Data ss:Type="{of_type}">{value}</ss:Data>\n</ss:Cell>'
    )


def worksheet(name: str, rows: Sequence[Sequence[object]]) -> str:
    """Write one sheet."""
    lines = "\n".join(f"<ss:Row>\n{''.join(map(cell, row))}\n</ss:Row>" for row in rows)
    return f'<ss:Worksheet ss:Name="{name}">\n<ss:Table>\n{lines}\n</ss:Table>\n</ss:Worksheet>'


def workbook(
    rows: Sequence[Sequence[object]] = (HISTORICAL, *DAYS, FOOTER),
    *,
    sheet: str = "Historical",
    name: str | None = "Acme Silver Trust",
) -> bytes:
    """Write a workbook with the issuer's faults: two marks, bare ampersands, a stray tag."""
    top: list[Sequence[object]] = [
        ["08-Jul-2030"],
        [name],
        ["Inception Date", "May 01, 2026"],
        ["Ticker", "Name"],
    ]
    sheets = [
        worksheet("Disclaimers", [["\n<strong>PAST & FUTURE</strong>", "see ?a=1&style=All"]]),
        *([worksheet("Holdings", top)] if name else []),
        worksheet(sheet, rows),
        worksheet("Performance", [("Month End Date", "Monthly Total"), ("Jun 30, 2030", 1.5)]),
    ]
    space = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    body = "\n".join(sheets)
    document = f'<?xml version="1.0"?>\n<ss:Workbook {space}>\n{body}\n</ss:Workbook>'
    return (BOM + BOM + document).encode()


EQUITY = (
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,"
    "Location,Exchange,Currency,FX Rate,Market Currency,Accrual Date"
)
HELD = (
    ("AAA", "ALPHA & SONS INC", "Tech", "Equity", "1,250,000.50", "62.50", "1,250,000.50",
     "10,000.00", "125.00", "United States", "NASDAQ", "USD", "1.00", "USD", "-"),
    ("BBB", "BETA CORP", "Energy", "Equity", "500,000.00", "25.00", "500,000.00",
     "5,000.00", "100.00", "United States", "NYSE", "USD", "1.00", "USD", "-"),
    ("BBB", "BETA RIGHTS", "Energy", "Equity", "250,000.00", "12.50", "250,000.00",
     "5,000.00", "50.00", "United States", "NYSE", "USD", "1.00", "USD", "-"),
    ("-", "GAMMA WARRANTS", "-", "Equity", "1.00", "0.00", "1.00",
     "100.00", "0.01", "-", "-", "USD", "1.00", "USD", "-"),
    ("-", "GAMMA WARRANTS", "-", "Equity", "2.00", "0.00", "2.00",
     "200.00", "0.01", "-", "-", "USD", "1.00", "USD", "-"),
    ("ETD_USD", "CASH OWED", "-", "Cash and/or Derivatives", "-1,000.25", "-0.05", "-1,000.25",
     "-1,000.00", "100.00", "United States", "-", "USD", "1.00", "USD", "-"),
)  # fmt: skip
CRYPTO = (
    "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,"
    "Market Currency,Accrual Date"
)
COINS = (
    ("ACN", "ACMECOIN", "-", "Alternative", "9,000.00", "90.00", "9,000.00", "1.25000", "ACN", "-"),
    ("USD", "USD CASH", "-", "Cash", "1,000.00", "10.00", "1,000.00", "1,000.00000", "USD", "-"),
)
LEGAL = '"The content contained herein, is owned.\nHoldings subject to change.\n©2030 Acme, Inc."'


def holdings_file(
    rows: Sequence[Sequence[str]] = HELD,
    *,
    header: str = EQUITY,
    name: str = "Acme Silver Trust",
    as_of: str = "Jul 08, 2030",
    mark: str = BOM,
) -> bytes:
    """Write a holdings file: LF, no newline at the end."""
    lines = [
        f"{mark}{name}",
        f'Fund Holdings as of,"{as_of}"',
        'Inception Date,"May 01, 2026"',
        'Shares Outstanding,"1,500,000.00"',
        *(f'{kind},"-"' for kind in ("Stock", "Bond", "Cash", "Other")),
        BLANK,
        header,
        *(",".join(f'"{field}"' for field in row) for row in rows),
        BLANK,
        LEGAL,
    ]
    return "\n".join(lines).encode()


def empty_template() -> bytes:
    """Write what is served for a day without holdings."""
    return holdings_file((), as_of="-").replace(b"1,500,000.00", b"-")
