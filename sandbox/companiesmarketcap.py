"""CompaniesMarketCap's ranking of all assets, traps included.

The page states no day. Cells are known by class; the change of the day has its sign only in
`data-sort` and in the colour, and a price below a cent is nothing in its `data-sort`. A page beyond
the last is one without rows.
"""

from datetime import datetime
from html import escape
from typing import Any

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market

PATH = "/assets-by-market-cap/"
HTML = "text/html; charset=UTF-8"
BLOCKED = (
    b'<!DOCTYPE html>\n<html lang="en-US"><head><title>Attention Required! | Cloudflare</title>'
    b"</head><body><h1>Sorry, you have been blocked</h1></body></html>\n"
)
FORBIDDEN = 403
PER_PAGE = 100
HEAD = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Top Assets by Market Cap</title></head>
<body>
<table class="default-table table marketcap-table dataTable">
<thead><tr><th></th><th>Rank</th><th>Name</th><th>Market Cap</th><th>Price</th><th>Today</th>\
<th>Price (30 days)</th><th>Country</th></tr></thead>
<tbody>
"""
FOOT = "</tbody></table>\n</body>\n</html>\n"
ROW = (
    '<tr{outliner}><td class="fav"><img src="/img/fav.svg?v2" data-id="{id}"></td>'
    '<td class="rank-td td-right" data-sort="{rank}"{moves}>{rank}</td>'
    '<td class="name-td"><div class="logo-container"><img class="company-logo" alt="{name} logo">'
    '</div><div class="name-div"><a href="/{asset}/marketcap/"><div class="company-name">{name}'
    '</div><div class="company-code"><span class="rank d-none"></span>{symbol}</div></a></div></td>'
    '<td class="td-right" data-sort="{cap}">{dollar}{shown_cap}</td>'
    '<td class="td-right" data-sort="{cents}">{dollar}{shown_price}</td>'
    '<td class="rh-sm" data-sort="{change}"><span class="percentage-{colour}">{percent}%</span>'
    '</td><td class="p-0 sparkline-td {colour}"><svg></svg></td><td>{country}</td></tr>\n'
)
DOLLAR = '<span class="currency-symbol-left">$</span>'
COUNTRY = '<img class="flag" src="/img/flags/us.png"> <span class="responsive-hidden">USA</span>'
NOWHERE = '<span class="responsive-hidden"></span>'
OUTLINERS = {
    "metal": ' class="precious-metals-outliner"',
    "coin": ' class="crypto-outliner"',
    "fund": ' class="etf-outliner"',
}
UNITS = ((1e12, 3, "T"), (1e9, 2, "B"), (1e6, 2, "M"))


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"asset_caps": [] if market.assets.is_empty() else ["1"]}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for a page of the ranking, as it is today."""
    if not question.from_a_browser:
        return Answer(BLOCKED, HTML, FORBIDDEN)
    served = page(ranking(market.assets, now), question.query.get("page", "1"))
    return Answer(served, HTML, headers={"cache-control": "private, no-cache"}, empty=written([]))


def ranking(assets: pl.DataFrame, now: datetime) -> list[dict[str, Any]]:
    """Return the newest day's assets with their ranks and the moves since the day before."""
    if assets.is_empty():
        return []
    past = assets.filter(pl.col("date") <= now.date()).sort(
        "date", "market_cap", descending=[False, True]
    )
    ranked = past.with_columns(rank=pl.int_range(1, pl.len() + 1).over("date"))
    moved = ranked.with_columns(moves=-pl.col("rank").diff().over("asset"))
    return moved.filter(pl.col("date") == pl.col("date").max()).to_dicts()


def page(ranked: list[dict[str, Any]], number: str) -> bytes:
    """Write one page; what is no number is the first."""
    start = PER_PAGE * (max(int(number), 1) - 1 if number.isdecimal() else 0)
    return written(ranked[start : start + PER_PAGE])


def written(rows: list[dict[str, Any]]) -> bytes:
    """Write a page of these rows."""
    return (HEAD + "".join(map(row, rows)) + FOOT).encode()


def row(asset: dict[str, Any]) -> str:
    """Write one row."""
    kind, change = asset["kind"], asset["change"]
    return ROW.format(
        outliner=OUTLINERS.get(kind, ""),
        id=1_000 + asset["rank"],
        rank=asset["rank"],
        moves=f' moves="{asset["moves"]}"' if asset["moves"] else "",
        name=escape(asset["name"], quote=False),
        asset=asset["asset"],
        symbol=escape(asset["symbol"]),
        dollar=DOLLAR,
        cap=round(asset["market_cap"]),
        shown_cap=shown(asset["market_cap"]),
        cents=round(asset["price"] * 100),
        shown_price=price(asset["price"]),
        change=round(change * 100),
        colour="red" if change < 0 else "green",
        percent=f"{abs(change):.2f}",
        country=NOWHERE if kind in {"metal", "coin"} else COUNTRY,
    )


def shown(amount: float) -> str:
    """Write an amount with its unit: 3.500 T, 197.99 B."""
    scale, decimals, unit = next(
        (unit for unit in UNITS if amount >= unit[0]),
        UNITS[-1],
    )
    return f"{amount / scale:.{decimals}f} {unit}"


def price(dollars: float) -> str:
    """Write a price: in cents, and below a dollar in full."""
    return f"{dollars:,.2f}" if dollars >= 1 else f"{dollars:.10f}".rstrip("0")


ROUTES = {PATH: answer}
