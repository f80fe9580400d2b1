"""CompaniesMarketCap: companies, metals, coins and funds ranked by market cap, as a page.

Docs       none; ../shared/sources/companiesmarketcap.md composes the page from five parsers
Published  continuously; the page states no day, so it is of the day on which it was fetched
Revised    never: there is no history
"""

import polars as pl
from selectolax.lexbor import LexborHTMLParser, LexborNode

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.companiesmarketcap import CompaniesMarketCapAssets
from schemas.validation import promised
from sources.documents import numbered
from sources.pages import own_text, page, text, title

SOURCE = "companiesmarketcap"
BASE_URL = "https://companiesmarketcap.com"
PATH = "/assets-by-market-cap/"
PER_PAGE, FEWEST = 100, 90  # a changed layout gives a page without rows, not an error
METALS = {"GOLD", "SILVER"}
METAL_ROW = "precious-metals-outliner"
SYMBOLS = "td.td-right .currency-symbol-left, td.td-right .currency-symbol-right"

Row = dict[str, str | None]


def asset_caps(page: str, symbol: str) -> Request:
    """Ask for a page of the ranking of all assets; `symbol` is its number, from "1"."""
    return Request(
        source=SOURCE,
        dataset="asset_caps",
        subject=page,
        path=PATH,
        params={} if symbol == "1" else {"page": symbol},
        expects={"page": symbol},
    )


def parse_asset_caps(payload: bytes, capture: Capture) -> Parsed:
    """Read a page's rows into `asset_caps`, all text: cells by class, values as shown and sorted.

    Raises:
        Refused: It is no page of assets in US dollars, another page of them, or lacks rows.
    """
    tree = page(payload, capture)
    with having(columns := tuple(sorted({text(cell) for cell in tree.css("th")} - {""}))):
        rows = [row(node) for node in tree.css("tr") if node.css_first("td.name-td")]
        must_be_full(len(rows), tree, capture)
        must_be_in_dollars(tree, capture)
        assets = promised(CompaniesMarketCapAssets, numbered(framed(rows)), capture)
        must_be_the_page(assets, capture)
    return Parsed({"asset_caps": assets}, columns)


def framed(rows: list[Row]) -> pl.DataFrame:
    """Put rows into columns of text, also where a cell is in none of them."""
    return pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))


def row(node: LexborNode) -> Row:
    """Read one row: two cells of its kind hold amounts, the market cap and then the price.

    A row without the second, as pages of companies have, has no price.
    """
    amounts = node.css("td.td-right[data-sort]:not(.rank-td)")
    cap, price = [*amounts, None, None][:2]
    name = node.css_first("td.name-td")
    return {
        "class": node.attributes.get("class"),
        "rank-td data-sort": sorted_by(node.css_first("td.rank-td")),
        "href": attribute(name and name.css_first("a"), "href"),
        "company-name": text(name and name.css_first(".company-name")) or None,
        "company-code": own_text(name and name.css_first(".company-code")) or None,
        "cap data-sort": sorted_by(cap),
        "cap": shown(cap),
        "price data-sort": sorted_by(price),
        "price": shown(price),
        "change data-sort": sorted_by(node.css_first("td.rh-sm")),
    }


def sorted_by(cell: LexborNode | None) -> str | None:
    """Give the value by which the page sorts a cell's column."""
    return attribute(cell, "data-sort")


def shown(cell: LexborNode | None) -> str | None:
    """Give what a cell shows; None where there is no cell."""
    return None if cell is None else text(cell)


def attribute(node: LexborNode | None, name: str) -> str | None:
    """Give an attribute; None where it, or the element, is not there."""
    return None if node is None else node.attributes.get(name)


def must_be_full(count: int, tree: LexborHTMLParser, capture: Capture) -> None:
    """Refuse a page without rows, as a changed layout gives it, and one with too few."""
    scope = capture.request.scope
    if not count:
        told = (
            f"no cell name-td: another layout, or beyond the last page; its title is {title(tree)}"
        )
        raise Refused(f"{scope}: {told}")
    if count < FEWEST:
        raise Refused(f"{scope}: {count} rows where a page has {PER_PAGE}")


def must_be_in_dollars(tree: LexborHTMLParser, capture: Capture) -> None:
    """Refuse a page in another currency: a cookie or an address can choose it."""
    strays = {text(symbol) for symbol in tree.css(SYMBOLS)} - {"$"}
    if strays:
        told = f"amounts in {', '.join(map(repr, sorted(strays)))} where US dollars were wanted"
        raise Refused(f"{capture.request.scope}: {told}")


def must_be_the_page(assets: pl.DataFrame, capture: Capture) -> None:
    """Refuse another page than the one asked, and other rankings, which have no metals."""
    scope, asked = capture.request.scope, capture.request.expects.get("page")
    middle = assets["rank-td data-sort"].cast(pl.Int64, strict=False).median()
    served = asked if middle is None else str(1 + (int(middle) - 1) // PER_PAGE)  # type: ignore[arg-type]  # of integers
    if asked and served != asked:
        raise Refused(f"{scope}: page {served} of the ranking where page {asked} was asked")
    metals = assets.filter(pl.col("class").str.contains(METAL_ROW, literal=True))
    absent = METALS - set(metals["company-code"])
    if asked == "1" and absent:
        raise Refused(f"{scope}: no row of a metal is {' or '.join(sorted(absent))}: other assets")
