"""What CompaniesMarketCap really sent, read in place: no value of it is in this repository."""

import re
from pathlib import Path

import pytest

from schemas.capture import Refused
from schemas.tables.asset_caps import AssetCaps
from schemas.validation import accept
from sources import companiesmarketcap
from tests.sources.bodies import kept
from transforms import companiesmarketcap as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads" / "companiesmarketcap"
ASKED = kept(companiesmarketcap.asset_caps("assets", "1"))

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


@pytest.mark.parametrize("file", sorted(PAYLOADS.glob("*.csv")), ids=lambda file: file.stem)
def test_a_list_of_companies_is_no_page_of_assets(file: Path) -> None:
    with pytest.raises(Refused, match="CSV was served where HTML was wanted"):
        companiesmarketcap.parse_asset_caps(file.read_bytes(), ASKED)


def fragment() -> str:
    return next(PAYLOADS.glob("*.html")).read_text()


def among_invented_rows(real: str) -> bytes:
    """Put a real row where it ranks, among rows of the same cells with invented values."""
    rows = [invented(rank) for rank in range(1, 101)]
    rows[99] = real
    return f"<!DOCTYPE html>\n<html><body><table>{''.join(rows)}</table></body></html>".encode()


def invented(rank: int) -> str:
    names = {1: "gold", 2: "silver"}
    name, css = names.get(rank, f"company-{rank}"), "precious-metals-outliner" * (rank in names)
    return (
        f'<tr class="{css}"><td class="rank-td td-right" data-sort="{rank}">{rank}</td>'
        f'<td class="name-td"><a href="/{name}/marketcap/"><div class="company-name">{name}</div>'
        f'<div class="company-code"><span></span>{name.upper()}</div></a></td>'
        '<td class="td-right" data-sort="1500000000"><span class="currency-symbol-left">$</span>'
        '1.50 B</td><td class="td-right" data-sort="150">'
        '<span class="currency-symbol-left">$</span>1.50</td></tr>'
    )


def test_a_row_without_cells_of_price_and_change_is_accepted_without_them() -> None:
    real = fragment()
    expected = {
        "asset": re.findall(r'href="/([^/]+)/', real)[0],
        "name": re.findall(r'"company-name">([^<]+)<', real)[0],
        "symbol": re.findall(r"</span>([^<]+)</div></a>", real)[0],
        "kind": "company",
        "rank": int(re.findall(r'rank-td td-right" data-sort="(\d+)"', real)[0]),
        "market_cap": float(re.findall(r'"td-right" data-sort="(\d+)"', real)[0]),
        "price": None,
    }

    raw = companiesmarketcap.parse_asset_caps(among_invented_rows(real), ASKED).tables["asset_caps"]
    verdict = accept(AssetCaps, transform.asset_caps(raw, ASKED), raw, ASKED)

    assert verdict.rejected.is_empty()
    assert raw["change data-sort"][99] is None
    assert verdict.accepted.select(*expected).row(99, named=True) == expected


def test_a_fragment_alone_is_no_page() -> None:
    with pytest.raises(Refused, match="markup was served where HTML was wanted"):
        companiesmarketcap.parse_asset_caps(fragment().encode(), ASKED)
